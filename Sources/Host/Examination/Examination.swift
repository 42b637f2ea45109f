import CoreModel
public import Doctor
import Secure
public import Wire

/// Examines this machine and its network for reasons why others are not seen, and collects them as ``Facts``. It
/// changes nothing, needs no special rights, and works while an Earshot runs, with which it shares the port.
public final class Examination {
    /// The options of an examination.
    public struct Request {
        public var interfaceNames: [String] = []
        /// `HOST`: as typed, and its address.
        public var target: (text: String, place: CalledParty.HostAddress)?
        public var relay: RelayAddress?
        public var isSweeping = false
        /// The state directory of the running Earshot to question.
        public var stateDirectory: String?

        public init() {}
    }

    private let request: Request
    private let poller: Poller
    private let finder: HostFinder
    private let start = Clock.now()
    private let files: MachineFiles
    private var facts = Facts()
    private var probes: [GroupProbe] = []
    private var target: CalledParty?
    private var relay: CalledParty?
    private var sweep: Sweep?
    private var voices = Voices()
    /// The established links with peers when the examination began.
    private let links: Set<SocketTable.Entry>
    /// The number of datagrams that may still be sent, apart from those of a sweep.
    private var allowance = HostBounds.probeDatagramCount

    /// Examines the machine; takes up to 12 s.
    /// - Throws: ``SystemError`` if not even a socket can be made.
    public static func facts(_ request: Request) throws -> Facts {
        let examination = try Examination(request, files: MachineFiles())
        return try examination.run()
    }

    init(_ request: Request, files: MachineFiles) throws(SystemError) {
        self.request = request
        self.files = files
        poller = try Poller()
        finder = try HostFinder(poller: poller)
        links = Set(files.links)
    }

    func run() throws(SystemError) -> Facts {
        facts.interfaces = try InterfaceSurvey.current(only: request.interfaceNames, files: files)
        facts.box = files.box
        facts.firewall = files.firewall
        // Before our own sockets appear in the list.
        facts.ports = files.ports
        if let directory = request.stateDirectory { facts.running = StatusReader.status(in: directory) }
        openProbes()
        beginCalls()
        if request.isSweeping, !facts.lans.isEmpty { sweep = Sweep(over: facts.lans, poller: poller, at: start) }

        var nextProbe = start
        var rounds = 0
        while true {
            let now = Clock.now()
            if rounds < 2, nextProbe <= now {
                sendProbes(isFirst: rounds == 0)
                rounds += 1
                nextProbe = now + HostBounds.probeInterval
            }
            if isDone(at: now) { break }
            var wake = min(start + HostBounds.examinationTime, listeningEnd)
            if rounds < 2 { wake = min(wake, nextProbe) }
            for deadline in [target?.nextDeadline, relay?.nextDeadline, sweep?.nextDeadline] {
                if let deadline { wake = min(wake, deadline) }
            }
            try poller.wait(atMost: max(.milliseconds(1), wake - now))
            takeEvents(at: Clock.now())
        }
        return finished(at: Clock.now())
    }

    // MARK: Start

    private func openProbes() {
        for place in facts.interfaces.indices {
            let interface = facts.interfaces[place]
            guard interface.interface.isLoopback && interface.isUp || facts.lans.contains(interface) else { continue }
            for address in MulticastSockets.addresses(of: interface.interface) {
                probes.append(
                    GroupProbe(
                        number: UInt32(probes.count), on: interface.interface, from: address, poller: poller))
            }
        }
        facts.ports.isDiscoveryTaken = probes.contains(where: \.isPortTaken)
    }

    private func beginCalls() {
        if let (_, place) = request.target {
            target = CalledParty(place, own: own, firstNumber: 0, poller: poller, finder: finder, at: start)
        }
        if let address = request.relay {
            let place: CalledParty.HostAddress =
                switch address.host {
                case .address(let host): .endpoint(Endpoint(address: host, port: address.port))
                case .name(let name): .name(name, port: address.port)
                }
            // A relay may run on this machine.
            relay = CalledParty(place, own: [], firstNumber: 100, poller: poller, finder: finder, at: start)
        }
    }

    /// Sends all probes once, then those again that have not returned.
    private func sendProbes(isFirst: Bool) {
        for probe in probes where (isFirst || probe.isAwaited) && allowance > 0 {
            allowance -= 1
            probe.send()
        }
    }

    /// Our own addresses.
    private var own: [IPAddress] { facts.interfaces.flatMap { $0.interface.addresses.map(\.address) } }

    // MARK: The loop

    /// The end of listening, which is later if a peer that is present has not been received.
    private var listeningEnd: Instant {
        let isMissed =
            voices.of(others: own).isEmpty
            && (!links.isEmpty || target?.isAnswered ?? false || sweep?.isAnswered ?? false)
        return start + (isMissed ? HostBounds.patientListeningTime : HostBounds.listeningTime)
    }

    private func isDone(at now: Instant) -> Bool {
        if now >= start + HostBounds.examinationTime { return true }
        let isListened = now >= listeningEnd || facts.lans.isEmpty
        return isListened && target?.isDone ?? true && relay?.isDone ?? true && sweep?.isDone ?? true
    }

    private func takeEvents(at now: Instant) {
        for index in 0..<poller.readyCount {
            guard let (source, _) = poller.ready(at: index) else { continue }
            switch source {
            case .datagrams(Sweep.number, _): sweep?.receive()
            case .datagrams(let number, _):
                guard Int(number) < probes.count else { continue }
                probes[Int(number)].receive { voices.heard($0, from: $1) }
            case .link(let id):
                target?.ready(id.number, at: now)
                relay?.ready(id.number, at: now)
            case .hostsFound:
                for (name, endpoints) in finder.ready() {
                    target?.found(name, endpoints, at: now)
                    relay?.found(name, endpoints, at: now)
                }
            case .listener, .page, .interfaceWatch, .neighbourWatch, .signals, .standardInput, .standardOutput: break
            }
        }
        target?.deadlineReached(at: now)
        relay?.deadlineReached(at: now)
        sweep?.deadlineReached(at: now)
    }

    // MARK: The end

    private func finished(at now: Instant) -> Facts {
        for place in facts.interfaces.indices {
            facts.interfaces[place].probes = probes.filter { $0.interface == facts.interfaces[place].interface.index }
                .map(\.facts)
        }
        facts.hearing.listened = now - start
        facts.hearing.voices = voices.of(others: own)
        facts.hearing.otherVersions = voices.otherVersions
        // A link that was closed meanwhile proves nothing.
        let lasting = links.intersection(files.links).map(\.remote.address)
        facts.hearing.links = Set(lasting).subtracting(own).sorted { "\($0)" < "\($1)" }
        let neighbours = NeighbourTable()
        if let target, let (text, _) = request.target {
            facts.target = TargetFacts(
                text: text, lookupFailure: target.lookupFailure, dials: target.dials(neighbours, at: now))
        }
        if let relay, let address = request.relay {
            let found = TargetFacts(
                text: address.place, lookupFailure: relay.lookupFailure, dials: relay.dials(neighbours, at: now))
            facts.relay = RelayFacts(address: address, target: found)
        }
        if let sweep {
            sweep.finish()
            facts.sweep = SweepFacts(
                addressCount: sweep.addressCount, voices: sweep.voices.of(others: own),
                callers: sweep.callers.filter { !own.contains($0) })
        }
        return facts
    }
}

extension MachineFiles {
    private func table(_ names: String...) -> [String] { names.map { text(of: "/proc/net/\($0)") ?? "" } }

    /// The established links that use the link port at either end.
    var links: [SocketTable.Entry] {
        let texts = table("tcp", "tcp6")
        return SocketTable(texts[0], texts[1]).established.filter {
            $0.local.port == Limits.discoveryPort || $0.remote.port == Limits.discoveryPort
        }
    }

    var ports: PortFacts {
        let texts = table("tcp", "tcp6", "udp", "udp6")
        var ports = PortFacts()
        ports.linkPortOwner =
            SocketTable(texts[0], texts[1]).listening.first { $0.local.port == Limits.discoveryPort }?.user
        let datagrams = SocketTable(texts[2], texts[3]).entries.filter { $0.local.port == Limits.discoveryPort }
        ports.isGroupHeard = datagrams.contains { entry in
            switch entry.local.address {
            case .v4(let bits): bits == 0xEFFF_4553
            case .v6(let high, let low, _): high == 0xFF12_0000_0000_0000 && low == 0x6561_7273
            }
        }
        ports.discoveryOwner =
            datagrams.first { entry in
                switch entry.local.address {
                case .v4(let bits): bits == 0
                case .v6(let high, let low, _): high == 0 && low == 0
                }
            }?.user
        return ports
    }
}
