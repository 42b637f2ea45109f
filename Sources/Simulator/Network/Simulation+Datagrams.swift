import CoreModel
import Secure
import Wire

/// A datagram in transit to one host.
struct Datagram {
    enum Route {
        /// The sender's own multicast, on `lo`.
        case loopback
        case multicast(LANID)
        case unicast(to: IPAddress)
    }

    var bytes: [UInt8]
    var sender: HostID
    var source: Endpoint
    var receiver: HostID
    var route: Route
}

extension Simulation {
    func multicast(_ bytes: [UInt8], from host: HostID) {
        recorder.sent(by: host) {
            $0.datagrams += 1
            $0.datagramBytes += bytes.count
        }
        for other in machines.indices.lazy.map(HostID.init) where machines[other.number].node != nil {
            if other == host {
                hearOwn(bytes, of: host)
            } else if let attachment = network.multicastAttachment(of: host, towards: other),
                network.passes(from: host, to: other)
            {
                let source = Endpoint(address: attachment.address, port: Self.linkPort)
                let route = Datagram.Route.multicast(attachment.lan)
                carry(Datagram(bytes: bytes, sender: host, source: source, receiver: other, route: route))
            }
        }
    }

    /// Delivers a host's own multicast on `lo` and on every other interface (loopback is on); it is never lost.
    private func hearOwn(_ bytes: [UInt8], of host: HostID) {
        // One delay for all copies, since each costs random draws that the rest of the run depends on.
        let at = now + datagramDelay()
        func hear(from address: IPAddress, _ route: Datagram.Route) {
            let source = Endpoint(address: address, port: Self.linkPort)
            let datagram = Datagram(bytes: bytes, sender: host, source: source, receiver: host, route: route)
            queue.push(.datagram(datagram), at: at)
        }
        hear(from: .v4(0x7F00_0001), .loopback)
        guard !network.isUnplugged(host) else { return }
        for attachment in network.attachments[host.number] {
            hear(from: attachment.address, .multicast(attachment.lan))
        }
    }

    /// Sends a unicast datagram, from the discovery port to the discovery port.
    func send(_ bytes: [UInt8], from host: HostID, to endpoint: Endpoint) {
        let receiver = endpoint.port == Self.linkPort ? network.owner(of: endpoint.address) : nil
        let source = receiver.flatMap { network.address(of: host, towards: $0) }
        recorder.sent(by: host) {
            $0.datagrams += 1
            $0.unicastDatagrams += 1
            $0.datagramBytes += bytes.count
            if source == nil { $0.datagramsToNobody += 1 }
        }
        guard let receiver, let source, !network.isUnplugged(host) else { return }
        if receiver != host { network.sent(by: host, to: endpoint.address, at: now) }
        guard network.passes(from: host, to: receiver) else { return }
        carry(
            Datagram(
                bytes: bytes, sender: host, source: Endpoint(address: source, port: Self.linkPort),
                receiver: receiver, route: .unicast(to: endpoint.address)))
    }

    private func carry(_ datagram: Datagram) {
        let isOwn = datagram.sender == datagram.receiver
        if !isOwn, random.unit() < network.conditions.loss { return }
        let copies = !isOwn && random.unit() < network.conditions.duplication ? 2 : 1
        for _ in 0..<copies { queue.push(.datagram(datagram), at: now + datagramDelay()) }
    }

    private func datagramDelay() -> Duration {
        var delay = transitTime()
        if random.unit() < network.conditions.reordering {
            delay += network.conditions.reorderingDelay * random.unit()
        }
        return delay
    }

    func arrive(_ datagram: Datagram) {
        let (sender, receiver) = (datagram.sender, datagram.receiver)
        guard network.passes(from: sender, to: receiver) else { return }
        let path: DatagramPath
        switch datagram.route {
        case .loopback: path = .multicast(interface: 1)
        case .multicast(let lan):
            guard network.firewall(of: receiver) == nil, let index = network.interfaceIndex(of: lan, at: receiver)
            else { return }
            path = .multicast(interface: index)
        case .unicast(let address):
            guard network.owner(of: address) == receiver, isAwake(receiver) else { return }
            if sender != receiver {
                introduce(sender, at: datagram.source.address, to: receiver, at: address)
                let isAnswer = network.admits(at: receiver, from: datagram.source.address, at: now)
                guard isAnswer || network.firewall(of: receiver) == nil else { return }
            }
            path = .unicast
        }
        deliver(.datagramReceived(datagram.bytes, from: datagram.source, by: path), to: receiver, from: sender)
    }

    /// Records that a unicast packet has reached the receiver's machine. Its kernel now knows the sender's address, and
    /// the sender's kernel, which asked for the hardware address first, knows the receiver's.
    func introduce(_ sender: HostID, at source: IPAddress, to receiver: HostID, at destination: IPAddress) {
        noticeNeighbour(source, at: receiver)
        if network.passes(from: receiver, to: sender) { noticeNeighbour(destination, at: sender) }
    }

    private func noticeNeighbour(_ address: IPAddress, at host: HostID) {
        guard machines[host.number].neighbours.insert(address).inserted, machines[host.number].node != nil
        else { return }
        // In a separate round, because the packet itself is about to be handled.
        queue.push(
            .input(host, generation: machines[host.number].generation, .neighbourSeen(address)), at: now)
    }
}
