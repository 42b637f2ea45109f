import CoreModel
import Host
import Options
import PeerCore
import Wire

/// Runs the command of the command line, reports its error, and returns the exit status.
func start() -> Int32 {
    do {
        let words = CommandLine.arguments.dropFirst()
        switch try Arguments.parse(words, interfaceNumber: ProcessEnvironment.interfaceNumber) {
        case .help(let text):
            try ProcessEnvironment.show(Array(text.utf8))
            return 0
        case .kept(let command):
            return try KeptProgram(command: command).run().rawValue
        case .doctor(let command):
            return try DoctorProgram(command: command).run()
        case .version:
            try ProcessEnvironment.show(Array("earshot \(programVersion)\n".utf8))
            return 0
        case .relay(let command):
            return try start(command).rawValue
        case .chat(let options):
            return try ChatProgram(options).run().rawValue
        }
    } catch OutputEnd.readerGone {
        return 0
    } catch let misuse as Arguments.Misuse {
        for line in misuse.text.split(separator: "\n") { ProcessEnvironment.printError("earshot: \(line)") }
        return 2
    } catch let error as NicknameError {
        ProcessEnvironment.printError("earshot: \(error)")
        return 2
    } catch {
        ProcessEnvironment.printError("earshot: \(error)")
        return 1
    }
}

func start(_ command: RelayCommand) throws -> ExitStatus {
    switch command {
    case .help:
        try ProcessEnvironment.show(Array(RelayCommand.helpText.utf8))
        return .done
    case .passwd(let options):
        return try PasswdProgram(options).run()
    case .id(let place):
        return try RelayProgram.showID(place)
    case .community(let command):
        return try CommunityProgram(command).run()
    case .backup(let file, let place):
        ProcessEnvironment.keepFilesPrivate()
        let directory = try RelayProgram.stateDirectory(place)
        guard StateDirectory.has(RelayProgram.archiveName, at: directory) else {
            throw HostError("no relay has saved anything in \(directory) (try --state DIR or --config FILE)")
        }
        return try Backup(of: directory, RelayProgram.archiveName, to: file).run()
    case .check(let settings, let file):
        return try RelayProgram(settings, configurationFile: file).check()
    case .run(let settings, let file):
        return try RelayProgram(settings, configurationFile: file).run()
    }
}

ProcessEnvironment.prepareStandardStreams()
ProcessEnvironment.end(with: start())
