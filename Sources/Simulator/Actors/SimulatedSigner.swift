import LocalNetwork
package import Secure
import Synchronization
import Wire

/// Signs and checks for the many peers of a simulation at a small part of the cost: announcements, which all of them
/// check all the time, bear a digest in the place of a signature, and of all else what one has signed or checked the
/// others do not compute again. Anybody can make such a digest: the product has no part of this.
final class SimulatedSigner: Signer {
    private struct Claim: Hashable {
        var signature: [UInt8]
        var message: [UInt8]
        var peer: PeerID
    }

    private let genuine = Ed25519Signer()
    private let valid = Mutex<Set<Claim>>([])
    /// All are forgotten when there are so many: about 40 MiB.
    private static let capacity = 100_000

    func signature(of message: [UInt8], for context: SignatureContext, with key: Ed25519Key) -> [UInt8] {
        if context == .announcement { return Self.stamp(message, by: key.peerID) }
        let signature = genuine.signature(of: message, for: context, with: key)
        remember(Claim(signature: signature, message: message, peer: key.peerID))
        return signature
    }

    func isValid(
        _ signature: [UInt8], of message: [UInt8], for context: SignatureContext, by peer: PeerID
    ) -> Bool {
        if context == .announcement { return signature == Self.stamp(message, by: peer) }
        let claim = Claim(signature: signature, message: message, peer: peer)
        if valid.withLock({ $0.contains(claim) }) { return true }
        let isValid = genuine.isValid(signature, of: message, for: context, by: peer)
        if isValid { remember(claim) }
        return isValid
    }

    /// What stands in the place of a peer's signature of a message: 64 bytes.
    private static func stamp(_ message: [UInt8], by peer: PeerID) -> [UInt8] {
        let digest = SHA256.hash(peer.bytes + message)
        return digest + digest
    }

    private func remember(_ claim: Claim) {
        valid.withLock { valid in
            if valid.count >= Self.capacity { valid.removeAll() }
            valid.insert(claim)
        }
    }
}

extension Signing {
    /// For the peers of one simulation, or of several one after the other.
    package static func simulated() -> Signing { Signing(signer: SimulatedSigner(), sharing: SharedWork()) }
}
