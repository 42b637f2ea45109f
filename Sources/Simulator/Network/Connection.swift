import CoreModel
import Wire

/// A TCP connection as both kernels see it. An end is 0 (the dialler) or 1. A class, so that data in transit is never
/// copied.
final class Connection {
    struct End {
        var host: HostID
        /// The generation of the process that has it; a later process on the same host does not know it.
        var generation: Int
        var link: LinkID
        /// The address that the connection is bound to: when the host's address changes, no more data passes.
        var address: IPAddress
        /// Whether the core knows the link and has not been notified of its close.
        var isOpen: Bool
    }

    /// The data in transit from one end to the other, in order.
    struct Direction {
        var parcels: [Parcel] = []
        var taken = 0
        var queuedBytes = 0
        var isPumping = false
        /// Whether the sender's core waits to be notified when the systems have accepted everything.
        var isDrainAwaited = false
        /// The arrival time of the last parcel, so that none overtakes another.
        var lastArrival = Instant(nanoseconds: 0)
        /// The time to wait before the next retransmission.
        var retransmission = Direction.firstRetransmission
        /// The time since when no data has passed.
        var stuckSince: Instant?

        static let firstRetransmission = Duration.milliseconds(200)
        static let longestRetransmission = Duration.seconds(120)
        /// The time after which the connection fails: 15 retransmissions on Linux, about a quarter of an hour.
        static let timeout = Duration.seconds(924)

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
        /// Whether the sender closes after this parcel.
        var isLast: Bool
    }

    var ends: [End]
    /// The two directions; `directions[0]` carries data from end 0 to end 1.
    var directions = [Direction(), Direction()]
    /// Whether a device between the two has lost its state: no more data passes, and neither end is notified.
    var isDead = false

    /// Whether it leads from the dialler's link port to the other's.
    let isBetweenLinkPorts: Bool
    /// Whether the dialled machine has not answered yet.
    var isUnderWay = true

    init(ends: [End], isBetweenLinkPorts: Bool) {
        self.ends = ends
        self.isBetweenLinkPorts = isBetweenLinkPorts
    }
}
