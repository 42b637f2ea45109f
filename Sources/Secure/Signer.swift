import COpenSSL
public import Wire

/// Makes and checks the signatures of peers. It is passed to every identity and through it to all code that checks
/// signatures, so that nothing else in the process decides which signatures are valid. The product has one
/// implementation (``Ed25519Signer``); the simulator has a cheaper one of its own.
public protocol Signer: Sendable {
    /// Signs a message.
    /// - Parameter message: The result of ``SignatureContext/message(for:)``.
    /// - Returns: ``Envelope/signatureByteCount`` bytes.
    func signature(of message: [UInt8], for context: SignatureContext, with key: Ed25519Key) -> [UInt8]

    /// Whether `peer` made this signature of this message.
    /// - Parameter signature: ``Envelope/signatureByteCount`` bytes.
    func isValid(
        _ signature: [UInt8], of message: [UInt8], for context: SignatureContext, by peer: PeerID
    ) -> Bool
}

/// Ed25519 as in RFC 8032 §5.1.
public struct Ed25519Signer: Signer {
    public init() {}

    public func signature(of message: [UInt8], for context: SignatureContext, with key: Ed25519Key) -> [UInt8] {
        key.signature(of: message)
    }

    public func isValid(
        _ signature: [UInt8], of message: [UInt8], for context: SignatureContext, by peer: PeerID
    ) -> Bool {
        earshot_ed25519_verify(peer.bytes, message, message.count, signature) == 1
    }
}

/// An Ed25519 private key. It never leaves this object, is never printed and is wiped on deallocation.
public final class Ed25519Key: Sendable, CustomReflectable {
    /// The public key.
    public let peerID: PeerID
    private nonisolated(unsafe) let key: UnsafeMutableRawPointer  // Only libcrypto reads it, and that is thread-safe.

    /// Creates a key from its seed.
    /// - Parameter seed: The 32 bytes of the private key (RFC 8032 §5.1.5).
    init(seed: [UInt8]) {
        precondition(seed.count == Identity.seedBytes, "an Ed25519 seed has 32 bytes")
        guard let key = earshot_ed25519_key(seed) else { preconditionFailure("libcrypto lacks Ed25519") }
        var publicKey = [UInt8](repeating: 0, count: 32)
        let isDone = earshot_ed25519_public(key, &publicKey)
        precondition(isDone == 1, "libcrypto made a key without a public half")
        self.key = key
        peerID = PeerID(publicKey)!
    }

    deinit { earshot_key_free(key) }

    /// Signs a message.
    /// - Returns: 64 bytes.
    public func signature(of message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Envelope.signatureByteCount)
        let isDone = earshot_ed25519_sign(key, message, message.count, &signature)
        precondition(isDone == 1, "libcrypto cannot sign")
        return signature
    }

    public var customMirror: Mirror { Mirror(self, children: ["peerID": peerID]) }
}

/// The way in which an identity makes signatures and checks those of others: the signer and, in a simulation, the work
/// that its many peers share.
public struct Signing: Sendable {
    private let signer: any Signer
    /// The shared work; nil in a process with one peer.
    package let work: SharedWork?

    /// The signing of the product.
    public static let ed25519 = Signing(signer: Ed25519Signer(), sharing: nil)

    /// Creates the signing of a simulation with many peers in one process.
    package init(signer: any Signer, sharing work: SharedWork?) {
        self.signer = signer
        self.work = work
    }

    /// Whether `peer` made this signature of this payload for this purpose.
    public func isValid(
        _ signature: [UInt8], of payload: some Collection<UInt8>, for context: SignatureContext, by peer: PeerID
    ) -> Bool {
        guard signature.count == Envelope.signatureByteCount else { return false }
        return signer.isValid(signature, of: context.message(for: payload), for: context, by: peer)
    }

    func signature(of payload: some Collection<UInt8>, for context: SignatureContext, with key: Ed25519Key) -> [UInt8] {
        signer.signature(of: context.message(for: payload), for: context, with: key)
    }
}
