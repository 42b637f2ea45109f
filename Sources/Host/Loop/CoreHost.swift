public import CoreModel
import Glibc
import Wire

/// Runs a core on the calling thread, with everything that a core must not do itself: sockets, clocks, signals,
/// standard streams.
///
/// A round waits, hands the core a bounded batch of inputs, commits the archive, and carries out the outputs of the
/// core. A core seals all bytes for one link as one output, so each link is sent to once per round. No output of a
/// round is sent before the data that the round stored is committed.
public final class CoreHost<C: Core> {
    public private(set) var core: C
    let frontEnd: any FrontEnd
    let configuration: HostConfiguration
    private let poller: Poller
    private let links: LinkSocketTable
    private let doors: Listeners
    private let multicast: MulticastSockets?
    private let watch: InterfaceWatch
    let console: Console
    private var sleepDetector: SleepDetector
    /// Inputs for the core to handle first in the next round.
    var pending: [Input] = []
    var moment: Moment
    var outcome: Outcome?
    var keeping: CommitState
    public var operation = Operation()

    /// The hooks of a program that runs unattended.
    public struct Operation {
        /// Handles SIGHUP; if nil, SIGHUP is like SIGTERM.
        public var hangupReceived: ((_ core: inout C) -> Void)?
        /// Makes the page that ``HostConfiguration/pagePlaces`` serve.
        public var page: (_ core: C) -> [UInt8] = { _ in [] }
        /// Makes the status that ``HostConfiguration/statusDirectory`` serves.
        public var status: (_ core: C) -> [UInt8] = { _ in [] }
    }

    /// The clocks, read once per round.
    struct Moment {
        var now = Clock.now()
        var wall = Clock.wall()
        /// Whether the user has given a command in this round.
        var hasCommand = false
    }

    enum Outcome {
        /// Send the queues, then exit.
        case finished(ExitStatus)
        /// Exit immediately.
        case abandoned
    }

    /// Opens all sockets and streams.
    /// - Throws: ``HostError`` or ``SystemError``, worded for the user.
    public init(
        core: C, frontEnd: any FrontEnd, archive: any Archive, configuration: HostConfiguration
    ) throws {
        self.core = core
        self.frontEnd = frontEnd
        keeping = CommitState(archive: archive)
        self.configuration = configuration
        DescriptorLimit.raise()
        moment = Moment()
        sleepDetector = SleepDetector(at: moment.now, awake: Clock.awake())
        poller = try Poller()
        links = try LinkSocketTable(poller: poller, limits: configuration.linkLimits)
        doors = try Listeners(configuration, poller: poller)
        watch = try InterfaceWatch(names: configuration.interfaceNames, poller: poller, at: moment.now)
        multicast =
            configuration.usesMulticast
            ? MulticastSockets(port: configuration.multicastPort, poller: poller, note: configuration.note) : nil
        if configuration.usesMulticast { watch.watchNeighbours() }
        console = try Console(configuration, poller: poller)
        multicast?.update(watch.interfaces)
        for name in configuration.interfaceNames where !watch.interfaces.contains(where: { $0.name == name }) {
            configuration.note(Note(.warning, "there is no interface \(name) that is up"))
        }
        pending.append(.started(linkPort: doors.linkPort, interfaces: watch.interfaces))
        if let columns = console.columns { frontEnd.sizeChanged(columns: columns) }
    }

    /// The TCP port on which links are accepted.
    public var linkPort: UInt16 { doors.linkPort }
    /// The TCP ports for guests and for the metrics page; 0 if there is none.
    public var guestPort: UInt16 { doors.guestPort }
    public var pagePort: UInt16 { doors.pagePort }

    /// Runs a core until it has finished.
    /// - Throws: ``HostError`` or ``SystemError``, worded for the user, if a socket cannot be opened at the start.
    public static func run(
        _ core: inout C, frontEnd: any FrontEnd, archive: any Archive, configuration: HostConfiguration
    ) throws -> ExitStatus {
        let host = try CoreHost(core: core, frontEnd: frontEnd, archive: archive, configuration: configuration)
        defer { core = host.core }
        return try host.run()
    }

    /// Runs the core until it has finished.
    /// - Throws: ``OutputEnd`` if standard output could not be written.
    public func run() throws -> ExitStatus {
        while true {
            if let status = try round(atMost: .seconds(3600)) { return status }
        }
    }

    /// Runs one round of the loop.
    /// - Parameter limit: The longest time to wait for an event.
    /// - Returns: The exit status when the core has finished and all output has been sent as far as possible.
    func round(atMost limit: Duration) throws -> ExitStatus? {
        if keeping.halt != nil {
            try haltedRound(atMost: limit)
            return try endOfRound()
        }
        let asked = waitingTime(atMost: limit)
        try poller.wait(atMost: asked)
        moment = Moment()
        let slept = sleepDetector.hasSlept(at: moment.now, awake: Clock.awake(), asked: asked)

        for input in takePending() { handle(input) }
        if slept { resume() }
        try takeEvents()
        takeTimers()
        takeDrained()
        takeEnded()
        takeCommands()
        if keep() {
            carryOut()
            keeping.checkpointIfDue(at: moment.now)
        }
        return try endOfRound()
    }

    private func endOfRound() throws -> ExitStatus? {
        writeOutput()
        switch outcome {
        case nil: return nil
        case .abandoned: return .failed
        case .finished(let status):
            try finish()
            // The core does not know that its output was lost.
            if let end = console.output?.end, end != .readerGone { throw end }
            return status
        }
    }

    private func handle(_ input: Input) {
        if case .commanded(let command, let token) = input {
            keeping.said.append((command, token))
            moment.hasCommand = true
        }
        core.handle(input, at: moment.now, wall: moment.wall)
    }

    private func waitingTime(atMost limit: Duration) -> Duration {
        if !pending.isEmpty || console.isInputReady { return .zero }
        let now = Clock.now()
        var wake = min(now + limit, watch.nextDeadline)
        if let deadline = core.nextDeadline { wake = min(wake, deadline.at) }
        if let deadline = links.nextDeadline { wake = min(wake, deadline) }
        if let deadline = doors.nextDeadline { wake = min(wake, deadline) }
        if let deadline = keeping.checkpointAt { wake = min(wake, deadline) }
        if keeping.archive.isBehind { wake = min(wake, now + HostBounds.archivePause) }
        return max(.zero, wake - now)
    }

    // MARK: Inputs

    private func takePending() -> [Input] {
        defer { pending.removeAll(keepingCapacity: true) }
        return pending
    }

    /// Whether the network location is uncertain. Until it is known, no new peers are accepted on the LAN.
    private var isLocationUncertain: Bool { multicast != nil && watch.isUncertain }

    private func takeEvents() throws {
        // The network location is updated before any peer is handled.
        if (0..<poller.readyCount).contains(where: { poller.ready(at: $0)?.source == .interfaceWatch }) {
            watch.ready(at: moment.now)
        }
        for index in 0..<poller.readyCount {
            guard let (source, readiness) = poller.ready(at: index) else { continue }
            switch source {
            case .link(let id):
                if let input = links.ready(id, readiness) { handle(input) }
            case .datagrams(let number, let part):
                multicast?.receive(on: number, part) {
                    if !isLocationUncertain { handle(.datagramReceived($0, from: $1, by: $2)) }
                }
            case .neighbourWatch:
                for address in watch.neighbours?.ready() ?? [] { handle(.neighbourSeen(address)) }
            case .listener(.status): doors.status?.accept { operation.status(core) }
            case .listener(let door):
                doors.accept(at: door, now: moment.now) { descriptor, from in
                    // Closed immediately; the other side tries again.
                    if door == .links, isLocationUncertain { return }
                    if let id = links.accept(descriptor, from: from, isGuest: door == .guests) {
                        handle(.linkAccepted(id, from: from))
                    }
                }
            case .page(let number): doors.pages?.ready(number) { operation.page(core) }
            case .interfaceWatch: break
            case .hostsFound:
                for (name, endpoints) in links.finder.ready() { handle(.hostFound(name: name, endpoints: endpoints)) }
            case .signals: takeSignals()
            case .standardInput: takeInput()
            case .standardOutput: console.output?.ready()
            }
        }
        if console.input?.isAlwaysReady ?? false { takeInput() }
    }

    private func takeTimers() {
        links.deadlineReached(at: moment.now)
        doors.deadlineReached(at: moment.now)
        switch watch.deadlineReached(at: moment.now) {
        case .notDue: break
        case .same: multicast?.update(watch.interfaces)
        case .changed:
            multicast?.update(watch.interfaces)
            handle(.interfacesChanged(watch.interfaces))
        }
        if let deadline = core.nextDeadline, deadline.at <= moment.now { handle(.deadlineReached) }
    }

    private func takeDrained() {
        for link in links.takeDrained() { handle(.linkDrained(link)) }
    }

    private func takeEnded() {
        for (link, end) in links.takeEnded() { handle(.linkClosed(link, end)) }
    }

    func takeInput() {
        guard let input = console.input, !input.hasEnded else { return }
        if let bytes = input.read() {
            if !bytes.isEmpty { frontEnd.inputReceived(bytes, at: moment.wall) }
        } else {
            frontEnd.inputEnded()
        }
    }

    private func takeCommands() {
        while let (command, token) = frontEnd.nextCommand() { handle(.commanded(command, token: token)) }
    }

    private func takeSignals() {
        for news in console.signals?.read() ?? [] {
            switch news {
            case .hangup where operation.hangupReceived != nil && !console.hasAskedToLeave:
                operation.hangupReceived?(&core)
            case .leave, .hangup:
                if console.hasAskedToLeave { outcome = .abandoned }
                leave()
            case .suspend:
                console.suspend()
                resume()
            case .resumed:
                console.resume()
                resume()
            case .resized: break
            }
            if let columns = console.columns { frontEnd.sizeChanged(columns: columns) }
        }
    }

    private func leave() {
        console.hasAskedToLeave = true
        handle(.commanded(.quit(afterReceipts: false), token: nil))
    }

    /// Handles a pause of the machine or the process.
    private func resume() {
        watch.hurry(at: moment.now)
        handle(.resumed)
    }

    // MARK: Outputs

    func carryOut() {
        // A user who sends waits for the message to leave, a user who listens waits to see it: before its receipt is
        // sent, for example.
        var showsFirst = !moment.hasCommand
        while outcome == nil, let output = core.nextOutput() {
            switch output {
            case .multicast(let bytes): multicast?.multicast(bytes)
            case .sendDatagram(let bytes, let endpoint): multicast?.send(bytes, to: endpoint)
            case .findHost(let name, let port): links.finder.find(name, port: port)
            case .openLink(let id, _, _) where isLocationUncertain:
                pending.append(.linkClosed(id, .failed("the network is changing")))
            case .openLink(let id, let endpoint, .any): links.open(id, to: endpoint, at: moment.now)
            case .openLink(let id, let endpoint, .linkPort):
                doors.sharingLinkPort { links.open(id, to: endpoint, from: linkPort, at: moment.now) }
            case .sendOnLink(let id, let bytes):
                if showsFirst { writeOutput() }
                showsFirst = false
                links.send(bytes, on: id)
            case .awaitDrained(let id): links.awaitDrained(id)
            case .closeLink(let id, let abruptly): links.close(id, abruptly: abruptly, at: moment.now)
            case .notify(let event, let token): frontEnd.eventOccurred(event, token: token, at: moment.wall)
            case .note(let note): configuration.note(note)
            case .finished(let status): outcome = .finished(status)
            }
        }
        if let obstacles = multicast?.takeObstacles() { pending.append(.obstaclesChanged(obstacles)) }
        links.flush()
        pending += links.takeDrained().map { .linkDrained($0) }
        pending += links.takeEnded().map { .linkClosed($0.link, $0.end) }
        while let (command, token) = frontEnd.nextCommand() { pending.append(.commanded(command, token: token)) }
    }

    private func writeOutput() {
        let bytes = frontEnd.takeOutput()
        guard let output = console.output else { return }
        if !bytes.isEmpty { output.write(bytes) }
        if let end = output.end, !console.hasAskedToLeave {
            configuration.note(Note(.debug, "\(end)"))
            console.hasAskedToLeave = true
            // While the archive is full there is no round in which the core could leave.
            keeping.halt?.isLeaving = true
            // A script that does not read its output may still have asked to send messages.
            pending.append(.commanded(.quit(afterReceipts: end != .readerGone), token: nil))
        }
    }

    /// Sends the queues of links and standard output, within time limits.
    private func finish() throws {
        doors.close()
        console.input = nil
        var end = Clock.now() + configuration.finishTime
        var isHandedOver = false
        links.closeAll(until: end)
        while links.count > 0 {
            if !isHandedOver, !links.hasQueued {
                // It remains to see the other sides close, which some never do.
                isHandedOver = true
                end = min(end, Clock.now() + HostBounds.finishTime)
            }
            let left = end - Clock.now()
            guard left > .zero else { break }
            try poller.wait(atMost: left)
            for index in 0..<poller.readyCount {
                guard let (source, readiness) = poller.ready(at: index) else { continue }
                switch source {
                case .link(let id): _ = links.ready(id, readiness)
                case .datagrams(let number, let part): multicast?.receive(on: number, part) { _, _, _ in }
                case .neighbourWatch: _ = watch.neighbours?.ready()
                case .interfaceWatch: watch.ready(at: Clock.now())
                case .signals:
                    if console.signals?.read().contains(where: { $0 == .leave || $0 == .hangup }) ?? false { return }
                case .standardOutput: console.output?.ready()
                case .listener, .page, .standardInput, .hostsFound: break
                }
            }
        }
        console.output?.finish(within: HostBounds.standardOutputTime)
    }
}
