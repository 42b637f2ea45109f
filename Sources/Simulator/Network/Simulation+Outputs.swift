import CoreModel
import Secure
import Wire

extension Simulation {
    func perform(_ happening: Happening) {
        switch happening {
        case .input(let host, let generation, let input):
            if machines[host.number].generation == generation { deliver(input, to: host) }
        case .datagram(let datagram): arrive(datagram)
        case .deadline(let host, let generation, let at):
            guard machines[host.number].generation == generation, machines[host.number].scheduledDeadline == at,
                !machines[host.number].isAsleep
            else { return }
            machines[host.number].scheduledDeadline = nil
            guard let deadline = machines[host.number].node?.askDeadline() else { return }
            if deadline.at <= now { deliver(.deadlineReached, to: host) } else { scheduleDeadline(of: host) }
        case .connectionAsked(let index): connectionAsked(index)
        case .connectionAnswered(let index, let end): connectionAnswered(index, end)
        case .pump(let index, let direction): pump(index, direction)
        case .refusal(let index): endClosed(index, 0, .refused)
        case .reset(let index, let end, let text): endClosed(index, end, .failed(text))
        case .fault(let fault): perform(fault)
        }
    }

    func perform(_ output: Output, of host: HostID) {
        switch output {
        case .multicast(let bytes): multicast(bytes, from: host)
        case .sendDatagram(let bytes, let endpoint): send(bytes, from: host, to: endpoint)
        case .findHost(let name, _):
            // The simulation has no name resolution.
            let generation = machines[host.number].generation
            queue.push(.input(host, generation: generation, .hostFound(name: name, endpoints: [])), at: now)
        case .openLink(let link, let endpoint, let port): openLink(link, of: host, to: endpoint, from: port)
        case .sendOnLink(let link, let bytes): send(bytes, on: link, of: host, isLast: false)
        case .awaitDrained(let link): awaitDrained(link, of: host)
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

    func transitTime() -> Duration {
        network.conditions.latency + network.conditions.jitter * random.unit()
    }

    // MARK: Trace

    func trace(_ host: HostID, _ input: Input, from source: HostID?) {
        let text: String
        switch input {
        case .started: text = "started"
        case .interfacesChanged(let interfaces): text = "interfaces changed to \(interfaces.map(\.name))"
        case .resumed: text = "resumed"
        case .datagramReceived(let bytes, _, .unicast): text = "unicast: \(Self.summary(ofDatagram: bytes))"
        case .datagramReceived(let bytes, _, _): text = "datagram: \(Self.summary(ofDatagram: bytes))"
        case .neighbourSeen(let address): text = "neighbour \(address)"
        case .obstaclesChanged(let obstacles): text = "obstacles: \(obstacles)"
        case .hostFound(let name, let endpoints): text = "host \(name) found at \(endpoints)"
        case .linkAccepted(let link, _): text = "link \(link.name) accepted"
        case .linkOpened(let link): text = "link \(link.name) opened"
        case .linkBytesReceived(let link, let bytes): text = "link \(link.name) brings \(bytes.count) bytes"
        case .linkDrained(let link): text = "link \(link.name) drained"
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
    /// The name of a link in a trace: dialled links count from 1, accepted ones from a1.
    var name: String { number >= 1 << 63 ? "a\(number - (1 << 63) + 1)" : "\(number)" }
}
