import Chat
import Host
import Secure
import Wire

/// `earshot relay`: the room put together from its parts, and run.
struct RelayProgram {
    private let settings: [Setting]
    private let configurationFile: String?

    /// The file in the state directory that has the operators' password, as a hash.
    static let passwordFile = "operator-password"

    init(_ settings: [Setting], configurationFile: String?) {
        self.settings = settings
        self.configurationFile = configurationFile
    }

    /// `--check`: whether everything can be read.
    func check() throws -> ExitStatus {
        _ = try options()
        let subject = configurationFile ?? "the command line"
        Surroundings.show(Array("\(subject): nothing is wrong\n".utf8))
        return .done
    }

    /// The settings of the file as it is now, and of the command line.
    /// - Throws: With a line for everything that is wrong.
    func options() throws -> RelayOptions {
        var settings: [Setting] = []
        if let configurationFile {
            let text = try Surroundings.text(ofFile: configurationFile, atMost: 1 << 20)
            settings = try ConfigurationFile.settings(in: text, path: configurationFile)
        }
        return try RelayOptions(settings + self.settings, files: Self.files)
    }

    private static var files: OptionFiles {
        OptionFiles { path in
            do {
                return try Surroundings.text(ofFile: path, atMost: 64 << 10)
            } catch {
                throw OptionProblem("names a file: \(error)")
            }
        }
    }

    /// The hash that `earshot relay passwd` has kept.
    static func operatorPassword(in directory: String) throws(HostError) -> PasswordHash? {
        guard let bytes = try StateDirectory.secret(passwordFile, in: directory) else { return nil }
        let line = bytes.prefix { $0 != 0x0A }
        guard let hash = PasswordHash(String(decoding: line, as: UTF8.self)) else {
            throw HostError("\(directory)/\(passwordFile) is damaged (set the password anew: earshot relay passwd)")
        }
        return hash
    }
}

/// `earshot relay passwd`.
struct PasswdProgram {
    private let options: RelayCommand.PasswdOptions

    init(_ options: RelayCommand.PasswdOptions) { self.options = options }

    func run() throws -> ExitStatus {
        Surroundings.keepFilesPrivate()
        let directory = options.isPrinted ? nil : try stateDirectory()
        let hash = PasswordHash(of: try password(), salt: Entropy.bytes(PasswordHash.saltBytes))
        if let directory {
            try StateDirectory.keep(Array("\(hash)\n".utf8), as: RelayProgram.passwordFile, in: directory)
            Surroundings.complain(
                "The password is kept in \(directory)/\(RelayProgram.passwordFile). A relay that runs takes it up at "
                    + "SIGHUP.")
        } else {
            Surroundings.show(Array("\(hash)\n".utf8))
        }
        return .done
    }

    private func stateDirectory() throws -> String {
        if let directory = options.stateDirectory { return directory }
        let relay = RelayProgram([], configurationFile: options.configurationFile)
        return try relay.options().stateDirectory ?? StateDirectory.relayPath()
    }

    private func password() throws -> String {
        guard let first = Surroundings.askSecretly("Password for operators: "), !first.isEmpty else {
            throw HostError("no password was given, nothing is changed")
        }
        guard first.utf8.count <= PasswordHash.passwordBytes else {
            throw HostError("a password has at most \(PasswordHash.passwordBytes) bytes")
        }
        // Whoever is no terminal does not mistype.
        if Surroundings.isTerminal(Surroundings.standardInput) {
            guard Surroundings.askSecretly("The same again: ") == first else {
                throw HostError("the two are not the same, nothing is changed")
            }
        }
        return first
    }
}
