import Testing
import Wire

@testable import Options

@Suite("earshot doctor: arguments")
struct DoctorCommandTests {
    private func command(_ words: String...) throws -> DoctorCommand {
        guard case .doctor(let command) = try Arguments.parse(["doctor"] + words) else {
            Issue.record("\(words) did not ask for a doctor")
            return DoctorCommand()
        }
        return command
    }

    @Test("an address may name its interface")
    func interfaceNames() throws {
        let endpoint = try #require(Endpoint("[fe80::1%3]:47474"))
        for host in ["fe80::1%eth0", "[fe80::1%eth0]:47474"] {
            let arguments = try Arguments.parse(["doctor", host], interfaceNumber: { $0 == "eth0" ? 3 : nil })
            guard case .doctor(let command) = arguments else { throw Arguments.Misuse(text: "no doctor") }
            #expect(command.place == .endpoint(endpoint))
        }
        for (host, text) in [
            ("fe80::1", "doctor needs the interface of fe80::1, for example fe80::1%eth0"),
            ("fe80::1%eth9", "doctor names an unknown interface: eth9 (ip link lists them all)"),
        ] {
            let misuse = Arguments.Misuse(text: text + " (try earshot doctor --help)")
            #expect(throws: misuse) { try Arguments.parse(["doctor", host]) }
        }
    }

    @Test("without arguments, doctor examines this machine")
    func nothing() throws {
        #expect(try command() == DoctorCommand())
    }

    @Test("a host is a name or an address, with the default port unless another is given")
    func host() throws {
        #expect(try command("bea-laptop").place == .host("bea-laptop", port: 47474))
        #expect(try command("bea-laptop").host == "bea-laptop")
        #expect(try command("192.0.2.7").place == .endpoint(try #require(Endpoint("192.0.2.7:47474"))))
        #expect(try command("192.0.2.7:5").place == .endpoint(try #require(Endpoint("192.0.2.7:5"))))
    }

    @Test("options may precede and follow the host")
    func options() throws {
        let command = try command(
            "--json", "bea", "-v", "--sweep", "--relay=earshot://r.example", "--name", "ana", "--interface", "eth0")
        #expect(command.isJSON && command.isVerbose && command.isSweeping)
        #expect(command.host == "bea" && command.name == "ana" && command.interfaces == ["eth0"])
        #expect(command.relay == RelayAddress(host: .name("r.example")))
        #expect(try self.command("--state", "/x").stateDirectory == "/x")
    }

    @Test("an invalid argument is rejected with advice")
    func misuse() {
        for (words, text) in [
            (["a", "b"], "unexpected argument b (try earshot doctor --help)"),
            (["--quiet"], "unexpected argument --quiet (try earshot doctor --help)"),
            (["--json=1"], "--json takes no value (try earshot doctor --help)"),
            (["a..?"], "a..? is not a host: give a name or an address (try earshot doctor --help)"),
            (
                ["--relay", "a.example", "--relay", "b.example"],
                "only one --relay at a time (try earshot doctor --help)"
            ),
        ] {
            #expect(throws: Arguments.Misuse(text: text)) { try Arguments.parse(["doctor"] + words) }
        }
    }

    @Test("the lines of --help fit a terminal")
    func help() throws {
        #expect(try Arguments.parse(["doctor", "--help"]) == .help(DoctorCommand.helpText))
        #expect(DoctorCommand.helpText.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}
