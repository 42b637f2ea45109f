import CoreModel
import Host
import Options
import PeerCore
import RelayCore
import Secure
import Store
import Wire

/// `earshot relay`: assembles the relay from its parts and runs it.
struct RelayProgram {
    private let settings: [Setting]
    private let configurationFile: String?

    /// The number of descriptors for everything but connections: files, listeners, signals.
    private static let otherDescriptorCount = 64
    /// The file in the state directory that holds the hash of the operators' password.
    static let passwordFile = "operator-password"
    /// The file in the state directory that holds everything else.
    static let archiveName = "relay.db"

    init(_ settings: [Setting], configurationFile: String?) {
        self.settings = settings
        self.configurationFile = configurationFile
    }

    /// Runs the relay until it is asked to stop.
    /// - Throws: An error before it ran, worded with a remedy.
    func run() throws -> ExitStatus {
        ProcessEnvironment.keepFilesPrivate()
        let options = try options()
        let log = RelayLogger(options.log)
        let directory = try options.stateDirectory ?? StateDirectory.relayPath()
        let state = try StateDirectory(at: directory, otherwise: "start with another --state DIR, or stop that one")
        let archive = try SQLiteArchive(at: state.path(of: Self.archiveName), for: .relay)
        let identity = Identity(seed: try state.identitySeed())
        let relay = try Relay(
            configuration: try configuration(options, directory, for: identity.peerID), identity: identity,
            random: RandomStream(seed: Entropy.bytes(32)), archive: archive)
        let host = try CoreHost(
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

    /// Handles SIGHUP: applies all settings that can be changed while the relay runs; if any setting is wrong, applies
    /// none.
    private func reload(_ relay: inout Relay, _ log: RelayLogger, running: RelayOptions, _ directory: String) {
        do {
            let options = try options()
            relay.configure(try configuration(options, directory, for: relay.id))
            log.options = options.log
            for name in options.fixedDifferences(from: running) {
                log.write(Note(.warning, "the new --\(name) takes effect only at the next start"))
            }
        } catch {
            let text = (error as? Arguments.Misuse)?.text ?? "\(error)"
            for line in text.split(separator: "\n") {
                log.write(Note(.warning, "the settings are unchanged: \(line)"))
            }
        }
    }

    /// Announces the address of the relay; on standard output the address alone.
    private func announce(_ options: RelayOptions, _ host: CoreHost<Relay>, _ log: RelayLogger) throws(OutputEnd) {
        let community = host.core.community
        let place = options.listen.first?.host ?? .any
        let address = RelayAddress(
            host: place.address ?? .name(ProcessEnvironment.hostName ?? "localhost"), port: host.linkPort,
            fingerprint: community)
        // The log has the address, too.
        try ProcessEnvironment.showIfRead(Array("\(address)\n".utf8))
        log.write(Note(.info, "members join with: earshot --relay \(address)"))
        if community != host.core.id {
            log.write(Note(.info, "the key in the address is that of its community"))
        }
        let needed = options.linkCount + Self.otherDescriptorCount
        if DescriptorLimit.most < needed {
            let text = "this process may open \(DescriptorLimit.most) connections and files, but \(needed) are needed"
            log.write(Note(.warning, text + " (raise LimitNOFILE= of the service, or ulimit -n)"))
        }
        if host.guestPort > 0 {
            log.write(
                Note(.warning, "guests connect in plain text on port \(host.guestPort): others on the way can read it"))
        }
        if host.pagePort > 0 { log.write(Note(.info, "metrics are on port \(host.pagePort) at /metrics")) }
    }

    /// `--check`: checks whether all settings can be read.
    func check() throws -> ExitStatus {
        let options = try options()
        if options.community != nil {
            let directory = try options.stateDirectory ?? StateDirectory.relayPath()
            let seed = try StateDirectory.identitySeed(at: directory)
            _ = try Self.certificate(options, for: seed.map { Identity(seed: $0).peerID })
        }
        let subject = configurationFile ?? "the command line"
        try ProcessEnvironment.show(Array("\(subject): nothing is wrong\n".utf8))
        return .done
    }

    /// Reads the settings of the file as it is now, and those of the command line.
    /// - Throws: ``Arguments/Misuse`` with one line per mistake.
    func options() throws -> RelayOptions {
        var settings: [Setting] = []
        if let configurationFile {
            let text = try ProcessEnvironment.text(ofFile: configurationFile, atMost: 1 << 20)
            settings = try ConfigurationFile.settings(in: text, path: configurationFile)
        }
        return try RelayOptions(settings + self.settings, files: Self.files)
    }

    private static var files: OptionFiles {
        OptionFiles(interfaceNumber: ProcessEnvironment.interfaceNumber) { path in
            do {
                return try ProcessEnvironment.text(ofFile: path, atMost: 64 << 10)
            } catch {
                throw OptionProblem("failed: \(error)")
            }
        }
    }

    /// Returns the directory that the command line or the configuration file names, otherwise the default one.
    static func stateDirectory(_ place: RelayCommand.Place) throws -> String {
        if let directory = place.stateDirectory { return directory }
        let relay = RelayProgram([], configurationFile: place.configurationFile)
        return try relay.options().stateDirectory ?? StateDirectory.relayPath()
    }

    /// Reads the hash that `earshot relay passwd` has stored.
    static func operatorPassword(in directory: String) throws(HostError) -> PasswordHash? {
        guard let bytes = try StateDirectory.secret(passwordFile, in: directory) else { return nil }
        let line = bytes.prefix { $0 != 0x0A }
        guard let hash = PasswordHash(String(decoding: line, as: UTF8.self)) else {
            throw HostError("\(directory)/\(passwordFile) is damaged (set the password again: earshot relay passwd)")
        }
        return hash
    }
}

/// `earshot relay passwd`.
struct PasswdProgram {
    private let options: RelayCommand.PasswdOptions

    init(_ options: RelayCommand.PasswdOptions) { self.options = options }

    func run() throws -> ExitStatus {
        ProcessEnvironment.keepFilesPrivate()
        let directory = options.isPrinted ? nil : try RelayProgram.stateDirectory(options.place)
        let hash = PasswordHash(of: try password(), salt: Entropy.bytes(PasswordHash.saltBytes))
        if let directory {
            try StateDirectory.keep(Array("\(hash)\n".utf8), as: RelayProgram.passwordFile, in: directory)
            ProcessEnvironment.printError(
                "The password is stored in \(directory)/\(RelayProgram.passwordFile). A running relay loads it on "
                    + "SIGHUP.")
        } else {
            try ProcessEnvironment.show(Array("\(hash)\n".utf8))
        }
        return .done
    }

    private func password() throws -> String {
        guard let first = ProcessEnvironment.askSecretly("Password for operators: "), !first.isEmpty else {
            throw HostError("no password was given, nothing is changed")
        }
        guard first.utf8.count <= PasswordHash.passwordBytes else {
            throw HostError("a password may have at most \(PasswordHash.passwordBytes) bytes")
        }
        // Piped input contains no typing errors.
        if ProcessEnvironment.isTerminal(ProcessEnvironment.standardInput) {
            guard ProcessEnvironment.askSecretly("Repeat the password: ") == first else {
                throw HostError("the two passwords differ, nothing is changed")
            }
        }
        return first
    }
}
