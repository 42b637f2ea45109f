import CoreModel
import Secure
import Wire

extension Simulation {
    func openLink(_ link: LinkID, of host: HostID, to endpoint: Endpoint, from port: LocalPort) {
        let generation = machines[host.number].generation
        guard let other = network.owner(of: endpoint.address), network.address(of: other, towards: host) != nil,
            let address = network.address(of: host, towards: other), endpoint.port == Self.linkPort
        else {
            // No host has this address: the kernel fails after three tries of a second each.
            let closed = Input.linkClosed(link, .failed("no route to host"))
            queue.push(.input(host, generation: generation, closed), at: now + .seconds(3))
            return
        }
        let isBetweenLinkPorts = port == .linkPort
        if isBetweenLinkPorts, linkPortConnection(of: host, at: address, with: endpoint.address) != nil {
            let closed = Input.linkClosed(link, .failed("address in use"))
            queue.push(.input(host, generation: generation, closed), at: now)
            return
        }
        if isBetweenLinkPorts { network.askedForConnection(from: host, to: endpoint.address, at: now) }
        let index = connections.count
        let ends = [
            Connection.End(host: host, generation: generation, link: link, address: address, isOpen: true),
            // Its link is numbered when it is accepted.
            Connection.End(
                host: other, generation: -1, link: LinkID(number: 0), address: endpoint.address, isOpen: false),
        ]
        connections.append(Connection(ends: ends, isBetweenLinkPorts: isBetweenLinkPorts))
        machines[host.number].links[link] = index
        recorder.sent(by: host) { $0.linksOpened += 1 }
        queue.push(.connectionAsked(index), at: now + transitTime())
    }

    /// Delivers the first packet to the dialled machine, or to none.
    func connectionAsked(_ index: Int) {
        guard let connection = connections[index], connection.ends[0].isOpen else { return }
        let (dialler, dialled) = (connection.ends[0].host, connection.ends[1].host)
        let (source, destination) = (connection.ends[0].address, connection.ends[1].address)
        guard isPassable(connection, from: 0) else { return askAgain(index) }
        if dialler != dialled { introduce(dialler, at: source, to: dialled, at: destination) }
        guard isPassable(connection, from: 1) else { return askAgain(index) }
        if connection.isBetweenLinkPorts,
            let other = linkPortConnection(of: dialled, at: destination, with: source)
        {
            return meet(index, other)
        }
        let isAwaited =
            connection.isBetweenLinkPorts && network.awaitsConnection(at: dialled, from: source, at: now)
        switch dialler == dialled || isAwaited ? nil : network.firewall(of: dialled) {
        case .dropping: return askAgain(index)
        case .rejecting:
            queue.push(.reset(index, end: 0, text: "no route to host"), at: now + transitTime())
            return
        case nil: break
        }
        guard machines[dialled.number].node != nil else {
            queue.push(.refusal(index), at: now + transitTime())
            return
        }
        let link = LinkID(number: machines[dialled.number].nextAcceptedLink)
        machines[dialled.number].nextAcceptedLink += 1
        machines[dialled.number].links[link] = index
        connections[index]?.ends[1].generation = machines[dialled.number].generation
        connections[index]?.ends[1].link = link
        connections[index]?.ends[1].isOpen = true
        connections[index]?.isUnderWay = false
        // This precedes the notice of the acceptance, since the answer must be ahead of data that the accepting side
        // sends immediately.
        let arrival = now + transitTime()
        connections[index]?.directions[1].lastArrival = arrival
        queue.push(.connectionAnswered(index, end: 0), at: arrival)
        let port = connection.isBetweenLinkPorts ? Self.linkPort : 40_000 + UInt16(index % 20_000)
        deliver(.linkAccepted(link, from: Endpoint(address: source, port: port)), to: dialled, from: dialler)
    }

    /// Sends a lost SYN again after 1, 2, 4, … seconds; Linux stops after 127.
    func askAgain(_ index: Int) {
        let wait = connections[index]?.directions[0].retransmission ?? .zero
        let next = max(wait * 2, .seconds(1))
        guard next <= .seconds(64) else {
            endClosed(index, 0, .failed("connection timed out"))
            return
        }
        connections[index]?.directions[0].retransmission = next
        queue.push(.connectionAsked(index), at: now + next)
    }

    func connectionAnswered(_ index: Int, _ end: Int) {
        guard let ends = connections[index]?.ends, ends[end].isOpen else { return }
        connections[index]?.directions[end].retransmission = Connection.Direction.firstRetransmission
        deliver(.linkOpened(ends[end].link), to: ends[end].host, from: ends[1 - end].host)
    }

    /// Returns whether packets of this connection pass from this end to the other.
    private func isPassable(_ connection: Connection, from end: Int) -> Bool {
        let (from, to) = (connection.ends[end], connection.ends[1 - end])
        return !connection.isDead && network.passes(from: from.host, to: to.host)
            && network.owner(of: from.address) == from.host
            && network.owner(of: to.address) == to.host && [from, to].allSatisfy { isAwake($0.host) }
    }

    func isAwake(_ host: HostID) -> Bool {
        machines[host.number].isPowered && !machines[host.number].isAsleep
    }

    /// Returns whether the processes that run there now have a connection over which no data is held up.
    public func canTalk(_ one: HostID, _ other: HostID) -> Bool {
        let bothRun = [one, other].allSatisfy {
            machines[$0.number].node != nil && isAwake($0) && !machines[$0.number].isPaused
        }
        return bothRun
            && machines[one.number].links.values.contains { index in
                guard let connection = connections[index], connection.ends.allSatisfy(\.isOpen),
                    connection.ends.contains(where: { $0.host == other })
                else { return false }
                return isPassable(connection, from: 0) && isPassable(connection, from: 1)
                    && connection.directions.allSatisfy {
                        $0.stuckSince == nil && $0.first.map { $0.arrival >= now } ?? true
                    }
            }
    }

    func send(_ bytes: [UInt8], on link: LinkID, of host: HostID, isLast: Bool) {
        guard let index = machines[host.number].links[link], let connection = connections[index] else { return }
        let end = connection.ends[0].host == host && connection.ends[0].link == link ? 0 : 1
        guard connection.ends[end].isOpen else { return }
        recorder.sent(by: host) { $0.linkBytes += bytes.count }
        var arrival = now + transitTime()
        if random.unit() < network.conditions.loss { arrival = arrival + Connection.Direction.firstRetransmission }
        var last = connection.directions[end].lastArrival
        if let rate = network.linkRate(from: host, to: connection.ends[1 - end].host) {
            last = max(last, now) + .seconds(Double(bytes.count) / Double(rate))
        }
        arrival = max(arrival, last)
        connection.directions[end].lastArrival = arrival
        connection.directions[end].queuedBytes += bytes.count
        connection.directions[end].parcels.append(
            Connection.Parcel(arrival: arrival, bytes: bytes, isLast: isLast))
        let isPumping = connection.directions[end].isPumping
        connection.directions[end].isPumping = true
        if !isPumping { queue.push(.pump(index, direction: end), at: arrival) }
    }

    /// Notifies the core when no more data is in transit than the systems of both ends hold.
    func awaitDrained(_ link: LinkID, of host: HostID) {
        guard let index = machines[host.number].links[link], let connection = connections[index] else { return }
        let end = connection.ends[0].host == host && connection.ends[0].link == link ? 0 : 1
        connection.directions[end].isDrainAwaited = true
        tellIfDrained(connection, end)
    }

    private func tellIfDrained(_ connection: Connection, _ end: Int) {
        guard connection.directions[end].isDrainAwaited, connection.ends[end].isOpen,
            connection.directions[end].queuedBytes <= network.conditions.systemBytes
        else { return }
        connection.directions[end].isDrainAwaited = false
        let (host, generation) = (connection.ends[end].host, connection.ends[end].generation)
        queue.push(.input(host, generation: generation, .linkDrained(connection.ends[end].link)), at: now)
    }

    /// Delivers the first parcel, or tries again later.
    func pump(_ index: Int, _ direction: Int) {
        guard let connection = connections[index], let parcel = connection.directions[direction].first else {
            connections[index]?.directions[direction].isPumping = false
            return
        }
        let receiver = connection.ends[1 - direction]
        guard isPassable(connection, from: direction) else {
            stall(index, direction)
            return
        }
        if receiver.isOpen, machines[receiver.host.number].isPaused,
            machines[receiver.host.number].generation == receiver.generation
        {
            // The receive window is closed; it opens again when the process reads.
            queue.push(.pump(index, direction: direction), at: now + Connection.Direction.firstRetransmission)
            return
        }
        connection.directions[direction].removeFirst()
        tellIfDrained(connection, direction)
        connection.directions[direction].stuckSince = nil
        connection.directions[direction].retransmission = Connection.Direction.firstRetransmission
        if let next = connection.directions[direction].first {
            queue.push(.pump(index, direction: direction), at: max(now, next.arrival))
        } else {
            connection.directions[direction].isPumping = false
        }
        guard receiver.isOpen, machines[receiver.host.number].generation == receiver.generation else {
            // The process does not know the connection any more; the machine sends a reset, if that passes.
            if isPassable(connection, from: 1 - direction) {
                queue.push(.reset(index, end: direction, text: "connection reset"), at: now + transitTime())
            }
            forgetIfOver(index)
            return
        }
        if !parcel.bytes.isEmpty {
            deliver(
                .linkBytesReceived(receiver.link, parcel.bytes), to: receiver.host,
                from: connection.ends[direction].host)
        }
        if parcel.isLast { endClosed(index, 1 - direction, .closedByPeer) }
    }

    /// Retransmits with exponential backoff, and closes the connection in the end.
    private func stall(_ index: Int, _ direction: Int) {
        guard let state = connections[index]?.directions[direction] else { return }
        let since = state.stuckSince ?? now
        connections[index]?.directions[direction].stuckSince = since
        if now - since > Connection.Direction.timeout {
            connections[index]?.directions[direction].isPumping = false
            endClosed(index, direction, .failed("connection timed out"))
            return
        }
        connections[index]?.directions[direction].retransmission = min(
            state.retransmission * 2, Connection.Direction.longestRetransmission)
        queue.push(.pump(index, direction: direction), at: now + state.retransmission)
    }

    /// Closes one end and notifies its core, once. `later`: in a separate round, because one is in progress.
    func endClosed(_ index: Int, _ end: Int, _ why: LinkEnd, later: Bool = false) {
        guard let closing = connections[index]?.ends[end], closing.isOpen else { return }
        connections[index]?.ends[end].isOpen = false
        machines[closing.host.number].links[closing.link] = nil
        forgetIfOver(index)
        guard machines[closing.host.number].generation == closing.generation else { return }
        let input = Input.linkClosed(closing.link, why)
        if later {
            queue.push(.input(closing.host, generation: closing.generation, input), at: now)
        } else {
            deliver(input, to: closing.host)
        }
    }

    private func forgetIfOver(_ index: Int) {
        guard let connection = connections[index], !connection.ends.contains(where: \.isOpen),
            connection.directions.allSatisfy({ $0.first == nil })
        else { return }
        connections[index] = nil
    }

    func close(_ link: LinkID, of host: HostID, abruptly: Bool) {
        guard let index = machines[host.number].links[link], let connection = connections[index] else { return }
        let end = connection.ends[0].host == host && connection.ends[0].link == link ? 0 : 1
        farewell(index, end, abruptly: abruptly)
        endClosed(index, end, .closedByUs, later: true)
    }

    /// Sends the other end the close or the reset.
    private func farewell(_ index: Int, _ end: Int, abruptly: Bool) {
        guard let connection = connections[index], connection.ends[1 - end].isOpen else { return }
        let closing = connection.ends[end]
        if !abruptly {
            send([], on: closing.link, of: closing.host, isLast: true)
        } else if isPassable(connection, from: end) {
            queue.push(.reset(index, end: 1 - end, text: "connection reset"), at: now + transitTime())
        }
    }

    /// Closes all links of a process that ends, in sorted order, because the order must not depend on hashing.
    func closeAllLinks(of host: HostID, telling others: Bool, abruptly: Bool) {
        for (link, index) in machines[host.number].links.sorted(by: { $0.key < $1.key }) {
            guard let connection = connections[index] else { continue }
            let end = connection.ends[0].host == host && connection.ends[0].link == link ? 0 : 1
            if others { farewell(index, end, abruptly: abruptly) }
            connections[index]?.ends[end].isOpen = false
            if !others { connections[index]?.directions[end] = Connection.Direction() }
        }
        machines[host.number].links = [:]
    }
}
