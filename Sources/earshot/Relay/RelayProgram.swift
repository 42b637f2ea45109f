import Chat
import Host
import Options
import Secure
import Store
import Wire

/// `earshot relay`: the room put together from its parts, and run.
struct RelayProgram {
    private let settings: [Setting]
    private let configurationFile: String?

    /// Descriptors for everything but connections: files, listeners, signals.
    private static let otherDescriptorCount = 64
    /// The file in the state directory that has the operators' password, as a hash.
    static let passwordFile = "operator-password"
    /// The file there with all else that is kept.
    static let archiveName = "relay.db"

    init(_ settings: [Setting], configurationFile: String?) {
        self.settings = settings
        self.configurationFile = configurationFile
    }

    /// Runs it until it is told to end.
    /// - Throws: what went wrong before it ran, in words that say what to do.
    func run() throws -> ExitStatus {
        Surroundings.keepFilesPrivate()
        let options = try options()
        let log = RelayLog(options.log)
        let directory = try options.stateDirectory ?? StateDirectory.relayPath()
        let state = try StateDirectory(at: directory, otherwise: "start with another --state DIR, or end that one")
        let archive = try SQLiteArchive(at: state.path(of: Self.archiveName), for: .relay)
        let identity = Identity(seed: try state.identitySeed())
        let relay = try Relay(
            configuration: try configuration(options, directory, for: identity.peerID), identity: identity,
            random: RandomStream(seed: Entropy.bytes(32)), archive: archive)
        let host = try PeerHost(
            core: relay, frontEnd: RelayFrontEnd(), archive: archive,
            configuration: try hostConfiguration(options, log))
        let metrics = RelayMetrics()
        host.operation.page = { metrics.page(of: $0.counters) }
        host.operation.hangupReceived = { relay in reload(&relay, log, running: options, directory) }
        try announce(options, host, log)
        let status = try host.run()
        log.write(Note(.info, "the relay has stopped"))
        // The lock on the directory is held until here.
        _ = state.path
        return status == .done && log.hasFailed ? .failed : status
    }

    /// SIGHUP: what can be changed while the relay runs is; if anything is wrong, nothing is.
    private func reload(_ relay: inout Relay, _ log: RelayLog, running: RelayOptions, _ directory: String) {
        do {
            let options = try options()
            relay.configure(try configuration(options, directory, for: relay.id))
            log.options = options.log
            for name in options.fixedDifferences(from: running) {
                log.write(Note(.warning, "another --\(name) is taken up at the next start only"))
            }
        } catch {
            let text = (error as? Arguments.Misuse)?.text ?? "\(error)"
            for line in text.split(separator: "\n") {
                log.write(Note(.warning, "the settings stay as they were: \(line)"))
            }
        }
    }

    /// Tells where others find it; the address alone goes to standard output.
    private func announce(_ options: RelayOptions, _ host: PeerHost<Relay>, _ log: RelayLog) throws(OutputEnd) {
        let community = host.core.community
        let place = options.listen.first?.host ?? .any
        let address = RelayAddress(
            host: place.address ?? .name(Surroundings.hostName ?? "localhost"), port: host.linkPort,
            fingerprint: community)
        // The log has it, too.
        try Surroundings.showIfRead(Array("\(address)\n".utf8))
        log.write(Note(.info, "members join with: earshot --relay \(address)"))
        if community != host.core.id {
            log.write(Note(.info, "the key in the address is the one of its community"))
        }
        let needed = options.linkCount + Self.otherDescriptorCount
        if DescriptorLimit.most < needed {
            let text = "this process may have \(DescriptorLimit.most) connections and files, \(needed) are wanted"
            log.write(Note(.warning, text + " (raise LimitNOFILE= of the service, or ulimit -n)"))
        }
        if host.guestPort > 0 {
            log.write(
                Note(.warning, "guests come in by plain text on port \(host.guestPort): all can be read on the way"))
        }
        if host.pagePort > 0 { log.write(Note(.info, "metrics are at port \(host.pagePort), /metrics")) }
    }

    /// `--check`: whether everything can be read.
    func check() throws -> ExitStatus {
        let options = try options()
        if options.community != nil {
            let directory = try options.stateDirectory ?? StateDirectory.relayPath()
            let seed = try StateDirectory.identitySeed(at: directory)
            _ = try Self.certificate(options, for: seed.map { Identity(seed: $0).peerID })
        }
        let subject = configurationFile ?? "the command line"
        try Surroundings.show(Array("\(subject): nothing is wrong\n".utf8))
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
        OptionFiles(interfaceNumber: Surroundings.interfaceNumber) { path in
            do {
                return try Surroundings.text(ofFile: path, atMost: 64 << 10)
            } catch {
                throw OptionProblem("failed: \(error)")
            }
        }
    }

    /// The directory that is named, by the file of settings as well, or else the default one.
    static func stateDirectory(_ place: RelayCommand.Place) throws -> String {
        if let directory = place.stateDirectory { return directory }
        let relay = RelayProgram([], configurationFile: place.configurationFile)
        return try relay.options().stateDirectory ?? StateDirectory.relayPath()
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
        let directory = options.isPrinted ? nil : try RelayProgram.stateDirectory(options.place)
        let hash = PasswordHash(of: try password(), salt: Entropy.bytes(PasswordHash.saltBytes))
        if let directory {
            try StateDirectory.keep(Array("\(hash)\n".utf8), as: RelayProgram.passwordFile, in: directory)
            Surroundings.complain(
                "The password is kept in \(directory)/\(RelayProgram.passwordFile). A relay that runs takes it up at "
                    + "SIGHUP.")
        } else {
            try Surroundings.show(Array("\(hash)\n".utf8))
        }
        return .done
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
