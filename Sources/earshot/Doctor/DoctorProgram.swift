import Doctor
import Host
import Options
import PeerCore
import Scripting
import Wire

/// `earshot doctor`: examines the machine and prints the findings.
struct DoctorProgram {
    let command: DoctorCommand

    /// Runs the examination.
    /// - Returns: The exit status.
    func run() throws -> Int32 {
        let diagnosis = Diagnosis(try Examination.facts(request))
        if command.isJSON {
            for finding in diagnosis.findings { try ProcessEnvironment.show(FindingLine.bytes(finding) + [0x0A]) }
            try ProcessEnvironment.show(FindingLine.end(diagnosis) + [0x0A])
        } else {
            try ProcessEnvironment.show(Array(Report.text(diagnosis, isVerbose: command.isVerbose).utf8))
        }
        return diagnosis.exitStatus
    }

    private var request: Examination.Request {
        get throws {
            var request = Examination.Request()
            request.interfaceNames = command.interfaces
            request.relay = command.relay
            request.isSweeping = command.isSweeping
            if let host = command.host, let place = command.place {
                switch place {
                case .endpoint(let endpoint): request.target = (host, .endpoint(endpoint))
                case .host(let name, let port): request.target = (host, .name(name, port: port))
                }
            }
            let name = try Nickname(command.name ?? ProcessEnvironment.loginName ?? "peer").text
            // Without a home directory there is no running Earshot to ask.
            request.stateDirectory = command.stateDirectory ?? (try? StateDirectory.defaultPath(forName: name))
            return request
        }
    }
}
