import CoreModel
import Wire

/// A TCP connection as both kernels see it. An end is 0 (who dialled) or 1. One of a kind, so that what is on its way
/// is never copied.
final class Connection {
    struct End {
        var host: HostID
        /// The process that has it; a later one on the same host does not know it.
        var generation: Int
        var link: LinkID
        /// What the connection is bound to: when the host has another address, nothing gets through any more.
        var address: IPAddress
        /// The core knows it and has not been told that it is closed.
        var isOpen: Bool
    }

    /// What is on its way from one end to the other, in order.
    struct Direction {
        var parcels: [Parcel] = []
        var taken = 0
        var queuedBytes = 0
        var isPumping = false
        /// The sender's core is to be told when the systems have taken everything.
        var isDrainAwaited = false
        /// When the last parcel arrives, so that none overtakes another.
        var lastArrival = Instant(nanoseconds: 0)
        /// How long to wait before sending again.
        var retransmission = Direction.firstRetransmission
        /// Since when nothing gets through.
        var stuckSince: Instant?

        static let firstRetransmission = Duration.milliseconds(200)
        static let longestRetransmission = Duration.seconds(120)
        /// Linux gives up after 15 retransmissions, about a quarter of an hour.
        static let patience = Duration.seconds(924)

        var first: Parcel? { taken < parcels.count ? parcels[taken] : nil }

        mutating func removeFirst() {
            queuedBytes -= parcels[taken].bytes.count
            parcels[taken].bytes = []
            taken += 1
            if taken > 64, taken * 2 > parcels.count {
                parcels.removeFirst(taken)
                taken = 0
            }
        }
    }

    struct Parcel {
        var arrival: Instant
        var bytes: [UInt8]
        /// The sender closes after this.
        var isLast: Bool
    }

    var ends: [End]
    /// `directions[0]` carries from end 0 to end 1.
    var directions = [Direction(), Direction()]
    /// Something between the two has forgotten it: nothing gets through any more, and nobody is told.
    var isDead = false

    /// From the dialler's link port to the other's.
    let isBetweenLinkPorts: Bool
    /// The dialled machine has not answered yet.
    var isUnderWay = true

    init(ends: [End], isBetweenLinkPorts: Bool) {
        self.ends = ends
        self.isBetweenLinkPorts = isBetweenLinkPorts
    }
}
