import Chat
import Host
import Wire

/// The process begins and ends here; everything in between is `ChatProgram`'s.
func start() -> Int32 {
    do {
        switch try Arguments.parse(CommandLine.arguments.dropFirst()) {
        case .help:
            Surroundings.show(Array(Arguments.helpText.utf8))
            return 0
        case .version:
            Surroundings.show(Array("earshot \(programVersion)\n".utf8))
            return 0
        case .chat(let options):
            return try ChatProgram(options).run().rawValue
        }
    } catch let misuse as Arguments.Misuse {
        Surroundings.complain("earshot: \(misuse.text)")
        return 2
    } catch let error as NicknameError {
        Surroundings.complain("earshot: \(error)")
        return 2
    } catch {
        Surroundings.complain("earshot: \(error)")
        return 1
    }
}

Surroundings.end(with: start())
