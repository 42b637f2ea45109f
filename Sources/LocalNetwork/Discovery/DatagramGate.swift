import CoreModel
import Secure
import Wire

/// The rate limits of datagrams: cheap checks for all, signature checks (55 µs each) for a bounded number in total and
/// from each address, so that a flood costs a few per cent of a core and no table grows.
struct DatagramGate {
    /// The maximum number of addresses with a rate of their own; beyond it all start afresh.
    private static let addressCount = 1_024

    /// The signature scheme that announcements are parsed and verified with.
    package let signing: Signing
    private var all = TokenBucket(capacity: 10_000, perSecond: 5_000)
    private var verifications = TokenBucket(capacity: 1_000, perSecond: 500)
    private var introductions = TokenBucket(capacity: 5_000, perSecond: 1_000)
    /// The rate of each address: fifty peers on one machine, three bursts each, fit its capacity.
    private var byAddress: [IPAddress: TokenBucket] = [:]

    package init(signing: Signing) { self.signing = signing }

    /// Returns whether to parse a datagram at all.
    package mutating func admits(_ byteCount: Int, from address: IPAddress, at now: Instant) -> Bool {
        byteCount > 0 && byteCount <= Limits.datagramBytes && all.take(at: now)
    }

    /// Returns whether to verify the signature of an announcement from this address.
    mutating func admitsVerification(from address: IPAddress, at now: Instant) -> Bool {
        if byAddress[address] == nil, byAddress.count >= Self.addressCount { byAddress.removeAll() }
        let isAdmitted = byAddress[address, default: TokenBucket(capacity: 300, perSecond: 150)].take(at: now)
        return isAdmitted && verifications.take(at: now)
    }

    /// Returns whether to verify the signature of an introduction.
    mutating func admitsIntroduction(at now: Instant) -> Bool { introductions.take(at: now) }
}
