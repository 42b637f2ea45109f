import CoreModel
import Doctor
import Host
import Options
import PeerCore
import Scripting
import Secure
import Store
import Terminal
import Wire

/// `earshot` without a subcommand: assembles a peer from its parts and runs it.
struct ChatProgram {
    /// The file in the state directory that holds the messages.
    static let archiveName = "earshot.db"
    /// The number of earlier lines that a person sees at the start, and of those among the history that others bring.
    private static let recentLineCount = 20
    private static let lateLineCount = 50

    let options: ChatOptions

    init(_ options: ChatOptions) { self.options = options }

    /// Runs the chat until it ends.
    /// - Throws: An error before the chat began, worded with a remedy.
    func run() throws -> ExitStatus {
        ProcessEnvironment.keepFilesPrivate()
        let name = try chosenName()
        let path = try options.stateDirectory ?? StateDirectory.defaultPath(forName: name.text)
        let state = try StateDirectory(at: path)
        let identity = Identity(seed: try state.identitySeed())
        let archive = try SQLiteArchive(at: state.path(of: Self.archiveName))

        var configuration = PeerConfiguration(name: name)
        configuration.isStrictAboutName = options.isNameStrict
        configuration.usesMulticast = !options.usesNoMulticast
        configuration.usesSweep = !options.usesNoSweep
        configuration.endpoints = try endpoints()
        configuration.relays = try options.relays.map { try target(of: $0, archive) }
        configuration.program = "earshot \(programVersion)"
        configuration.retention = options.retention
        // A script asks for history if it wants any.
        if !options.isJSON {
            configuration.recentLineCount = Self.recentLineCount
            configuration.lateLineCount = Self.lateLineCount
            configuration.limitsLines = true
        }
        let peer = try Peer(
            configuration: configuration, identity: identity, random: RandomStream(seed: Entropy.bytes(32)),
            archive: archive)

        let status: ExitStatus
        if options.isJSON {
            let script = ScriptInterface(version: programVersion)
            status = try run(peer, frontEnd: script, archive: archive, hostConfiguration(path))
        } else {
            status = try runForPerson(peer, name: name, archive: archive, hostConfiguration(path))
        }
        // The lock on the directory is held until here.
        _ = state.path
        return status
    }

    private func runForPerson(
        _ peer: Peer, name: Nickname, archive: any Archive, _ configuration: HostConfiguration
    ) throws -> ExitStatus {
        let isTerminal = drawsOnTerminal
        let interface = LineInterface(
            name: name.text,
            options: .init(
                isTerminal: isTerminal, isColoured: isTerminal && ProcessEnvironment.environment("NO_COLOR") == nil,
                utcOffset: ProcessEnvironment.utcOffset, isQuiet: options.isQuiet))
        var configuration = configuration
        configuration.usesRawTerminal = isTerminal
        let status: ExitStatus
        do {
            status = try run(peer, frontEnd: interface, archive: archive, configuration)
        } catch {
            // The terminal is restored in any case; the error to report is this one.
            try? ProcessEnvironment.show(interface.leave())
            throw error
        }
        try ProcessEnvironment.showIfRead(interface.leave())
        if status == .nameTaken {
            ProcessEnvironment.printError(
                "earshot: the name \(name.text) is taken (try another --name, or no --strict-name)")
        }
        return status
    }

    private func run(
        _ peer: Peer, frontEnd: any FrontEnd, archive: any Archive, _ configuration: HostConfiguration
    ) throws -> ExitStatus {
        let host = try CoreHost(core: peer, frontEnd: frontEnd, archive: archive, configuration: configuration)
        let port = host.linkPort
        host.operation.status = { RunningFacts($0.status, port: port).lines }
        return try host.run()
    }

    private func hostConfiguration(_ state: String) -> HostConfiguration {
        var configuration = HostConfiguration()
        configuration.statusDirectory = state
        if let port = options.port { configuration.port = .exactly(port) }
        configuration.usesMulticast = !options.usesNoMulticast
        configuration.interfaceNames = options.interfaces
        let isVerbose = options.isVerbose
        // The line interface draws on a person's terminal, so diagnostics are printed only if they go elsewhere.
        let isShown = options.isJSON || !drawsOnTerminal || !ProcessEnvironment.isTerminal(2)
        configuration.note = { note in
            guard isShown, isVerbose || note.level == .warning else { return }
            ProcessEnvironment.printError("earshot: \(note.text)")
        }
        return configuration
    }

    private var hasTerminal: Bool {
        ProcessEnvironment.isTerminal(ProcessEnvironment.standardInput)
            && ProcessEnvironment.isTerminal(ProcessEnvironment.standardOutput)
    }

    /// Whether to draw an input line and colours, rather than read and write plain lines.
    private var drawsOnTerminal: Bool {
        hasTerminal && ProcessEnvironment.obeysEscapes(ProcessEnvironment.standardOutput)
    }

    // MARK: Start

    /// Returns the name that was given or asked for, otherwise the login name.
    private func chosenName() throws -> Nickname {
        let login = ProcessEnvironment.loginName
        guard options.name == nil, hasTerminal, !options.isJSON else { return try options.name(orLogin: login) }
        let prompt = NamePrompt(offer: login) { text in
            do {
                _ = try Nickname(choosing: text)
                return nil
            } catch {
                return "\(error)"
            }
        }
        while let line = try ProcessEnvironment.ask(prompt.prompt) {
            switch prompt.answer(line) {
            case .name(let name): return try Nickname(choosing: name)
            case .again(let reason): ProcessEnvironment.printError(reason)
            }
        }
        throw HostError("no name was given (try --name NAME)")
    }

    private func endpoints() throws -> [Endpoint] {
        try options.peers.flatMap { peer -> [Endpoint] in
            switch peer {
            case .endpoint(let endpoint): [endpoint]
            // The first addresses are enough: a peer, once reached, announces its other addresses.
            case .host(let host, let port): Array(try ProcessEnvironment.endpoints(ofHost: host, port: port).prefix(2))
            }
        }
    }
}

extension RunningFacts {
    /// The status that a peer reports to `earshot doctor`.
    fileprivate init(_ status: PeerStatus, port: UInt16) {
        self.init(
            version: programVersion, name: status.name, port: port, usesMulticast: status.usesMulticast,
            isKeyInUseElsewhere: status.isKeyInUseElsewhere, blocked: status.blocked,
            links: status.links.map {
                Link(peer: $0.peer, name: $0.name, address: $0.address, isThroughFirewall: $0.isThroughFirewall)
            })
    }
}
