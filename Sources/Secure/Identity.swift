import COpenSSL
import Synchronization
public import Wire

/// Who we are: an Ed25519 key pair (RFC 8032). The private key stays in here, is never printed and is wiped at the end.
public final class Identity: Sendable, CustomReflectable {
    /// The public key.
    public let peerID: PeerID
    private nonisolated(unsafe) let key: UnsafeMutableRawPointer  // Read by libcrypto only, which shares it safely.

    private let lastProof = Mutex<(staticKey: [UInt8], signature: [UInt8])?>(nil)

    /// - Parameter seed: the 32 bytes that the private key is (RFC 8032 §5.1.5).
    public init(seed: [UInt8]) {
        precondition(seed.count == Self.seedBytes, "an Ed25519 seed has 32 bytes")
        guard let key = earshot_ed25519_key(seed) else { preconditionFailure("libcrypto lacks Ed25519") }
        var publicKey = [UInt8](repeating: 0, count: 32)
        let isDone = earshot_ed25519_public(key, &publicKey)
        precondition(isDone == 1, "libcrypto made a key without a public half")
        self.key = key
        peerID = PeerID(publicKey)!
    }

    deinit { earshot_key_free(key) }

    public static let seedBytes = 32

    /// Signs a payload for one purpose. 64 bytes.
    public func sign(_ payload: some Collection<UInt8>, for context: SignatureContext) -> [UInt8] {
        let message = context.message(for: payload)
        if context == .announcement, SharedWork.current != nil { return SharedWork.stamp(message, by: peerID) }
        var signature = [UInt8](repeating: 0, count: Envelope.signatureByteCount)
        let isDone = earshot_ed25519_sign(key, message, message.count, &signature)
        precondition(isDone == 1, "libcrypto cannot sign")
        SharedWork.current?.remember(signature, of: message, by: peerID)
        return signature
    }

    /// Signs the key that a process makes its links with. The same for all of them, so it is made once.
    func proof(of staticKey: [UInt8]) -> [UInt8] {
        lastProof.withLock { last in
            if let last, last.staticKey == staticKey { return last.signature }
            let signature = sign(staticKey, for: .staticKey)
            last = (staticKey, signature)
            return signature
        }
    }

    public var customMirror: Mirror { Mirror(self, children: ["peerID": peerID]) }
}

public enum Signature {
    /// Whether `peer` made this signature of this payload for this purpose.
    public static func isValid(
        _ signature: [UInt8], of payload: some Collection<UInt8>, for context: SignatureContext, by peer: PeerID
    ) -> Bool {
        guard signature.count == Envelope.signatureByteCount else { return false }
        let message = context.message(for: payload)
        let shared = SharedWork.current
        if context == .announcement, shared != nil { return signature == SharedWork.stamp(message, by: peer) }
        if let shared, shared.isKnownValid(signature, of: message, by: peer) { return true }
        let isValid = earshot_ed25519_verify(peer.bytes, message, message.count, signature) == 1
        if isValid { shared?.remember(signature, of: message, by: peer) }
        return isValid
    }
}
