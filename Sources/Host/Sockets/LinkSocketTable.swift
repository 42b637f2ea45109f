import CoreModel
import Glibc
import Wire

/// All links of the process: connects, reads, queues, flushes and closes them.
final class LinkSocketTable {
    /// Closed links that the core has not been notified of yet, in order.
    private(set) var ended: [(link: LinkID, end: LinkEnd)] = []

    /// See ``takeDrained()``.
    private var drained: [LinkID] = []
    /// Looks up the hosts of links to names.
    let finder: HostFinder
    private let poller: Poller
    private var links: [LinkID: LinkSocket] = [:]
    private var toBeFlushed: [LinkSocket] = []
    /// Links whose phase has a timeout: connecting or closing.
    private var timed: [LinkSocket] = []
    private var acceptedCount = 0
    private var acceptedCounts: [IPAddress: Int] = [:]
    /// Accepted links are numbered upwards from 2^63; the core numbers its own below.
    private var nextAccepted: UInt64 = 1 << 63
    /// Guests are numbered upwards from 2^63 + 2^62.
    private var nextGuest: UInt64 = LinkID.firstGuest
    private let limits: LinkLimits
    private let buffer: UnsafeMutableRawBufferPointer

    init(poller: Poller, limits: LinkLimits = LinkLimits()) throws(SystemError) {
        finder = try HostFinder(poller: poller)
        self.poller = poller
        self.limits = limits
        buffer = .allocate(byteCount: HostBounds.readBytes, alignment: 16)
    }

    deinit {
        for link in links.values { poller.remove(link.descriptor.number) }
        buffer.deallocate()
    }

    /// The number of links, including closing ones.
    var count: Int { links.count }

    /// Whether a link has bytes that the kernel has not accepted.
    var hasQueued: Bool { links.values.contains { $0.queuedBytes > 0 } }

    /// The next time that ``deadlineReached(at:)`` has something to do.
    var nextDeadline: Instant? { timed.lazy.compactMap(\.deadline).min() }

    // MARK: Requests of the core

    /// Connects a link.
    /// - Parameter port: The local port; 0 for any.
    func open(_ id: LinkID, to endpoint: Endpoint, from port: UInt16 = 0, at now: Instant) {
        precondition(links[id] == nil && id.number < 1 << 63, "the core never reuses a number, and stays below 2^63")
        do {
            let descriptor = try Descriptor(family: endpoint.address.family, .stream)
            try LinkSocket.prepare(descriptor)
            if port != 0 { try LinkSocket.bind(descriptor, to: port, of: endpoint.address) }
            // Even a connection that is established immediately is reported when epoll says that it is writable.
            _ = try descriptor.connect(to: endpoint)
            let link = LinkSocket(
                id: id, descriptor: descriptor, remote: endpoint, isAccepted: false,
                phase: .connecting(until: now + HostBounds.connectTime), interest: .writable)
            try poller.add(link.descriptor.number, .link(id), .writable)
            links[id] = link
            timed.append(link)
        } catch {
            ended.append((id, .failed(error.reason)))
        }
    }

    /// Sends the bytes that the kernel accepts now, while they are in the processor's cache, and queues the rest. Bytes
    /// for a link that is gone are dropped.
    func send(_ bytes: [UInt8], on id: LinkID) {
        guard let link = links[id] else { return }
        switch link.phase {
        case .closing: return
        case .connecting:
            link.append(bytes)
            markToBeFlushed(link)
        case .open where link.queuedBytes > 0:
            // epoll reports when the kernel accepts more.
            link.append(bytes)
        case .open:
            do {
                try link.send(bytes)
                if link.queuedBytes > 0 { setInterest(of: link, to: [.readable, .writable]) }
            } catch {
                return end(link, .failed(error.reason))
            }
        }
    }

    /// Requests that ``takeDrained()`` return the link once the system has accepted its queue.
    func awaitDrained(_ id: LinkID) {
        guard let link = links[id] else { return }
        if link.queuedBytes == 0 { drained.append(id) } else { link.isDrainAwaited = true }
    }

    /// Returns the links that ``awaitDrained(_:)`` was called for and whose queue is empty.
    func takeDrained() -> [LinkID] {
        defer { drained.removeAll(keepingCapacity: true) }
        return drained
    }

    /// Closes a link; `closedByUs` follows unless the link is already gone.
    func close(_ id: LinkID, abruptly: Bool, at now: Instant) {
        guard let link = links[id] else { return }
        switch link.phase {
        case .closing: return
        case .connecting: end(link, .closedByUs)
        case .open where abruptly:
            // Reset rather than linger: the other side must notice immediately.
            try? link.descriptor.setOption(SOL_SOCKET, SO_LINGER, toValue: linger(l_onoff: 1, l_linger: 0), "SO_LINGER")
            end(link, .closedByUs)
        case .open:
            ended.append((id, .closedByUs))
            beginClosing(link, until: now + HostBounds.lingerTime)
        }
    }

    /// Begins to close all links; they are gone when ``count`` is 0.
    func closeAll(until instant: Instant) {
        for link in links.values.sorted(by: { $0.id < $1.id }) {
            switch link.phase {
            case .closing: continue
            case .connecting: end(link, .closedByUs)
            case .open: beginClosing(link, until: instant)
            }
        }
        flush()
    }

    /// Sends the queues of links that were just connected or are being closed.
    func flush() {
        let links = toBeFlushed
        toBeFlushed.removeAll(keepingCapacity: true)
        for link in links {
            link.isToBeFlushed = false
            if case .connecting = link.phase { continue }
            if self.links[link.id] === link { flush(link) }
        }
    }

    func takeEnded() -> [(link: LinkID, end: LinkEnd)] {
        defer { ended.removeAll(keepingCapacity: true) }
        return ended
    }

    // MARK: Events

    /// Registers an accepted connection.
    /// - Returns: Nil if a limit is reached; the connection is then closed.
    func accept(_ descriptor: consuming Descriptor, from remote: Endpoint, isGuest: Bool = false) -> LinkID? {
        let fromThere = acceptedCounts[remote.address, default: 0]
        guard acceptedCount < limits.accepted, fromThere < limits.acceptedPerAddress else { return nil }
        let id = LinkID(number: isGuest ? nextGuest : nextAccepted)
        do {
            try LinkSocket.prepare(descriptor)
            if isGuest { try LinkSocket.watchForSilence(descriptor) }
            let link = LinkSocket(
                id: id, descriptor: descriptor, remote: remote, isAccepted: true, phase: .open, interest: .readable)
            try poller.add(link.descriptor.number, .link(id), .readable)
            links[id] = link
        } catch {
            return nil
        }
        if isGuest { nextGuest += 1 } else { nextAccepted += 1 }
        acceptedCount += 1
        acceptedCounts[remote.address] = fromThere + 1
        return id
    }

    /// Handles an event of a link.
    /// - Returns: An input for the core, if any. Closed links are in ``ended``.
    func ready(_ id: LinkID, _ readiness: Readiness) -> Input? {
        guard let link = links[id] else { return nil }
        switch link.phase {
        case .connecting:
            if let failure = link.connectionFailure() {
                end(link, failure)
                return nil
            }
            link.phase = .open
            timed.removeAll { $0 === link }
            setInterest(of: link, to: .readable)
            markToBeFlushed(link)
            return .linkOpened(id)
        case .open:
            if readiness.contains(.writable), link.queuedBytes > 0 { flush(link) }
            guard readiness.contains(.readable), links[id] != nil else { return nil }
            return receive(on: link)
        case .closing:
            if readiness.contains(.writable) { flush(link) }
            guard readiness.contains(.readable), links[id] != nil else { return nil }
            // Bytes that still arrive are not for the core any more.
            _ = receive(on: link)
            return nil
        }
    }

    /// Ends connections that are not established in time, and closed links that do not finish.
    func deadlineReached(at now: Instant) {
        for link in timed where link.deadline.map({ $0 <= now }) ?? false {
            if case .connecting = link.phase {
                end(link, .failed("no answer within \(HostBounds.connectTime.components.seconds) s"))
            } else {
                drop(link)
            }
        }
    }

    // MARK: Details

    private func receive(on link: LinkSocket) -> Input? {
        do {
            switch try link.descriptor.receive(into: buffer) {
            case .bytes(let count): return .linkBytesReceived(link.id, Array(buffer[..<count]))
            case .end: end(link, .closedByPeer)
            case .notNow: break
            }
        } catch {
            end(link, .failed(error.reason))
        }
        return nil
    }

    private func flush(_ link: LinkSocket) {
        do {
            try link.flush()
            setInterest(of: link, to: link.queuedBytes > 0 ? [.readable, .writable] : .readable)
            if link.queuedBytes == 0, link.isDrainAwaited {
                link.isDrainAwaited = false
                drained.append(link.id)
            }
        } catch {
            end(link, .failed(error.reason))
        }
    }

    private func markToBeFlushed(_ link: LinkSocket) {
        guard !link.isToBeFlushed else { return }
        link.isToBeFlushed = true
        toBeFlushed.append(link)
    }

    private func setInterest(of link: LinkSocket, to interest: Readiness) {
        guard link.interest != interest else { return }
        link.interest = interest
        poller.change(link.descriptor.number, to: interest)
    }

    private func beginClosing(_ link: LinkSocket, until instant: Instant) {
        link.phase = .closing(until: instant)
        timed.append(link)
        markToBeFlushed(link)
    }

    /// Removes the link, and notifies the core unless it has been notified before.
    private func end(_ link: LinkSocket, _ end: LinkEnd) {
        if case .closing = link.phase {} else { ended.append((link.id, end)) }
        drop(link)
    }

    private func drop(_ link: LinkSocket) {
        poller.remove(link.descriptor.number)
        links[link.id] = nil
        if link.deadline != nil { timed.removeAll { $0 === link } }
        guard link.isAccepted else { return }
        acceptedCount -= 1
        let left = acceptedCounts[link.remote.address, default: 1] - 1
        acceptedCounts[link.remote.address] = left == 0 ? nil : left
    }
}
