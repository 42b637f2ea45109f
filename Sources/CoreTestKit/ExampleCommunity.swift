import CoreModel
import PeerCore
import RelayCore
package import Secure
package import Wire

/// A community of relays, and certificates issued by it.
package enum ExampleCommunity {
    package static let community = Identity(seed: [UInt8](repeating: 0xC0, count: 32))
    package static let relays = (1...3).map { Identity(seed: [UInt8](repeating: 0xA0 + $0, count: 32)) }
    /// The wall time in milliseconds at which the tests begin.
    package static let start: UInt64 = 1_800_000_000_000
    package static let day: UInt64 = 86_400_000

    /// Returns a certificate for a relay.
    /// - Parameters:
    ///   - notBefore: Milliseconds after ``start``.
    ///   - notAfter: Milliseconds after ``start``.
    package static func certificate(
        of relay: PeerID, by community: Identity = community, from notBefore: Int64 = 0,
        until notAfter: Int64 = Int64(365 * day)
    ) -> SignedCertificate {
        SignedCertificate(
            signing: RelayCertificate(
                community: community.peerID, relay: relay, notBefore: UInt64(Int64(start) + notBefore),
                notAfter: UInt64(Int64(start) + notAfter)), by: community)
    }
}
