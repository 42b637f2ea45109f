import Chat
import Secure
import Wire

extension Simulation {
    func perform(_ happening: Happening) {
        switch happening {
        case .input(let host, let generation, let input):
            if machines[host.number].generation == generation { deliver(input, to: host) }
        case .datagram(let bytes, let sender, let source, let host):
            guard network.passes(from: sender, to: host) else { return }
            deliver(.datagramReceived(bytes, from: source, by: .multicast(interface: 0)), to: host, from: sender)
        case .deadline(let host, let generation, let at):
            guard machines[host.number].generation == generation, machines[host.number].scheduledDeadline == at,
                !machines[host.number].isAsleep
            else { return }
            machines[host.number].scheduledDeadline = nil
            guard let deadline = machines[host.number].node?.askDeadline() else { return }
            if deadline.at <= now { deliver(.deadlineReached, to: host) } else { scheduleDeadline(of: host) }
        case .connectionAsked(let index): connectionAsked(index)
        case .connectionAnswered(let index): connectionAnswered(index)
        case .pump(let index, let direction): pump(index, direction)
        case .refusal(let index): endClosed(index, 0, .refused)
        case .reset(let index, let end, let text): endClosed(index, end, .failed(text))
        case .fault(let fault): perform(fault)
        }
    }

    func perform(_ output: Output, of host: HostID) {
        switch output {
        case .multicast(let bytes): multicast(bytes, from: host)
        case .sendDatagram(let bytes, let endpoint):
            recorder.sent(by: host) {
                $0.datagrams += 1
                $0.datagramBytes += bytes.count
            }
            guard let other = network.owner(of: endpoint.address) else { return }
            send(bytes, from: host, to: other)
        case .findHost(let name, _):
            // There are no names in this world.
            let generation = machines[host.number].generation
            queue.push(.input(host, generation: generation, .hostFound(name: name, endpoints: [])), at: now)
        case .openLink(let link, let endpoint, _): openLink(link, from: host, to: endpoint)
        case .sendOnLink(let link, let bytes): send(bytes, on: link, of: host, isLast: false)
        case .closeLink(let link, let abruptly): close(link, of: host, abruptly: abruptly)
        case .notify(let event, let token):
            recorder.shown(event, token, by: host, at: now)
        case .note(let note): recorder.traced(at: now, host, "notes \(note.text)")
        case .finished(let status):
            recorder.exits[host.number] = status
            recorder.traced(at: now, host, "ends with \(status.rawValue)")
            stopProcess(host, orderly: true)
        }
    }

    private func multicast(_ bytes: [UInt8], from host: HostID) {
        recorder.sent(by: host) {
            $0.datagrams += 1
            $0.datagramBytes += bytes.count
        }
        for other in machines.indices { send(bytes, from: host, to: HostID(other)) }
    }

    /// Loopback is on: one's own multicast is heard too, and never lost.
    private func send(_ bytes: [UInt8], from host: HostID, to other: HostID) {
        guard let address = network.address(of: host, towards: other), network.passes(from: host, to: other),
            machines[other.number].node != nil
        else { return }
        let source = Endpoint(address: address, port: Self.linkPort)
        let conditions = network.conditions
        if host != other, random.unit() < conditions.loss { return }
        let copies = host != other && random.unit() < conditions.duplication ? 2 : 1
        for _ in 0..<copies {
            var delay = transitTime()
            if random.unit() < conditions.reordering { delay += conditions.reorderingDelay * random.unit() }
            queue.push(.datagram(bytes, from: host, source: source, to: other), at: now + delay)
        }
    }

    func transitTime() -> Duration {
        network.conditions.latency + network.conditions.jitter * random.unit()
    }

    // The trace.

    func trace(_ host: HostID, _ input: Input, from source: HostID?) {
        let text: String
        switch input {
        case .started: text = "started"
        case .interfacesChanged(let interfaces): text = "interfaces changed to \(interfaces.map(\.name))"
        case .resumed: text = "resumed"
        case .datagramReceived(let bytes, _, _): text = "datagram: \(Self.summary(ofDatagram: bytes))"
        case .neighbourSeen(let address): text = "neighbour \(address)"
        case .obstaclesChanged(let obstacles): text = "obstacles: \(obstacles)"
        case .hostFound(let name, let endpoints): text = "host \(name) found at \(endpoints)"
        case .linkAccepted(let link, _): text = "link \(link.name) accepted"
        case .linkOpened(let link): text = "link \(link.name) opened"
        case .linkBytesReceived(let link, let bytes): text = "link \(link.name) brings \(bytes.count) bytes"
        case .linkClosed(let link, let end): text = "link \(link.name) closed: \(end)"
        case .deadlineReached: text = "deadline"
        case .commanded(let command, _): text = "is told \(command)"
        }
        recorder.traced(at: now, host, from: source, text)
    }

    private static func summary(ofDatagram bytes: [UInt8]) -> String {
        guard let announcement = try? SignedAnnouncement(parsing: bytes).announcement else {
            return "\(bytes.count) bytes"
        }
        return "\(announcement.kind) \(announcement.name)"
    }
}

extension LinkID {
    /// Dialled links count from 1, accepted ones from a1.
    var name: String { number >= 1 << 63 ? "a\(number - (1 << 63) + 1)" : "\(number)" }
}
