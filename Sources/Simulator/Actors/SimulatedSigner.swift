import LocalNetwork
package import Secure
import Synchronization
import Wire

/// Signs and verifies for the many peers of a simulation at a fraction of the cost. Announcements, which all peers
/// verify all the time, carry a digest instead of a signature; any other signature is computed or verified only once
/// for all peers. Anybody can make such a digest, so this is not part of the product.
final class SimulatedSigner: Signer {
    private struct Claim: Hashable {
        var signature: [UInt8]
        var message: [UInt8]
        var peer: PeerID
    }

    private let genuine = Ed25519Signer()
    private let valid = Mutex<Set<Claim>>([])
    /// The number of signatures, about 40 MiB, at which all are discarded.
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

    /// Returns the 64 bytes that replace a peer's signature of a message.
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
    /// Returns the signing for the peers of one simulation, or of several in succession.
    package static func simulated() -> Signing { Signing(signer: SimulatedSigner(), sharing: SharedWork()) }
}
