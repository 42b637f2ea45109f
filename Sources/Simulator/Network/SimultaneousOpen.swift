import CoreModel
import Wire

/// Connections from link port to link port: between two pairs of address and port there is at most one connection, even
/// if both sides ask for it (RFC 9293 §3.5, Simultaneous Connection Synchronization).
extension Simulation {
    /// Returns the connection that this host has, or asks for, between the link ports at its own address and at
    /// another's.
    func linkPortConnection(of host: HostID, at own: IPAddress, with other: IPAddress) -> Int? {
        // There is at most one, so the order of the table does not matter.
        machines[host.number].links.values.first { index in
            guard let connection = connections[index], connection.isBetweenLinkPorts else { return false }
            let ends = connection.ends
            guard ends[0].host != ends[1].host else { return false }
            let end = ends[0].host == host ? 0 : 1
            return ends[end].address == own && ends[1 - end].address == other
        }
    }

    /// Handles the first packet of `index` at a host that has `other` between the same two pairs of address and port.
    func meet(_ index: Int, _ other: Int) {
        guard let asked = connections[index], let known = connections[other] else { return }
        if known.isUnderWay {
            join(asked, at: index, with: known, at: other)
        } else {
            // The dialler's machine has lost the old connection, or it could not have dialled. It resets it when the
            // host asks about this packet (challenge ACK), and the next attempt succeeds.
            let end = known.ends[0].host == asked.ends[1].host ? 0 : 1
            askAgain(index)
            endClosed(other, end, .failed("connection reset"))
        }
    }

    /// Merges two connections that dialled each other; each end knows the result by the link that it dialled.
    private func join(_ connection: Connection, at index: Int, with other: Connection, at otherIndex: Int) {
        connections[otherIndex] = nil
        connection.ends[1] = other.ends[0]
        connection.isUnderWay = false
        machines[other.ends[0].host.number].links[other.ends[0].link] = index
        // Data from one end does not overtake the answer that opens the other.
        for direction in [1, 0] {
            let last = max(now, connection.directions[1].lastArrival)
            connection.directions[direction].lastArrival = last + transitTime()
            queue.push(
                .connectionAnswered(index, end: 1 - direction), at: connection.directions[direction].lastArrival)
        }
    }
}
