import CoreModel
import Secure
import Wire

/// How much attention datagrams get: cheap checks for all, signature checks (55 µs each) for a bounded number, in all
/// and from one address, so that a flood costs a few per cent of a core and no table grows.
struct DatagramGate {
    private static let addressCount = 1_024

    /// What announcements are read and checked with.
    package let signing: Signing
    private var all = TokenBucket(capacity: 10_000, perSecond: 5_000)
    private var verifications = TokenBucket(capacity: 1_000, perSecond: 500)
    private var introductions = TokenBucket(capacity: 5_000, perSecond: 1_000)
    /// Fifty peers on one machine, three bursts each, fit into the capacity of its address.
    private var byAddress: [IPAddress: TokenBucket] = [:]

    package init(signing: Signing) { self.signing = signing }

    /// Whether to look at it at all.
    package mutating func admits(_ byteCount: Int, from address: IPAddress, at now: Instant) -> Bool {
        byteCount > 0 && byteCount <= Limits.datagramBytes && all.take(at: now)
    }

    mutating func admitsVerification(from address: IPAddress, at now: Instant) -> Bool {
        if byAddress[address] == nil, byAddress.count >= Self.addressCount { byAddress.removeAll() }
        let isAdmitted = byAddress[address, default: TokenBucket(capacity: 300, perSecond: 150)].take(at: now)
        return isAdmitted && verifications.take(at: now)
    }

    mutating func admitsIntroduction(at now: Instant) -> Bool { introductions.take(at: now) }
}
