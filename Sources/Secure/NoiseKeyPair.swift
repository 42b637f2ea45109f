import COpenSSL

/// An X25519 key pair (RFC 7748). The private key is never printed and is wiped when the pair is deallocated.
public final class NoiseKeyPair: Sendable, CustomReflectable {
    /// The public key, 32 bytes.
    public let publicKey: [UInt8]
    private nonisolated(unsafe) let key: UnsafeMutableRawPointer  // Only libcrypto reads it, and that is thread-safe.

    /// The work that the peers of a simulation share, set for its few key pairs only. Weak, because it holds them.
    private weak let work: SharedWork?

    /// Creates a key pair from its private key.
    /// - Parameter privateKey: 32 random bytes.
    public convenience init(privateKey bytes: [UInt8]) { self.init(privateKey: bytes, sharing: nil) }

    init(privateKey bytes: [UInt8], sharing work: SharedWork?) {
        precondition(bytes.count == Self.byteCount, "an X25519 key has 32 bytes")
        guard let key = earshot_x25519_key(bytes) else { preconditionFailure("libcrypto lacks X25519") }
        var publicKey = [UInt8](repeating: 0, count: Self.byteCount)
        let isDone = earshot_x25519_public(key, &publicKey)
        precondition(isDone == 1, "libcrypto made a key without a public half")
        self.key = key
        self.publicKey = publicKey
        self.work = work
    }

    deinit { earshot_key_free(key) }

    static let byteCount = 32

    /// Computes Noise's DH(); nil if the result would be all zeros, that is, for a public key of low order (RFC 7748
    /// §6.1).
    func agree(with publicKey: [UInt8]) -> Secret? {
        guard publicKey.count == Self.byteCount else { return nil }
        guard let work else { return computeAgreement(with: publicKey) }
        return work.agreement(between: self.publicKey, and: publicKey) { computeAgreement(with: publicKey) }
    }

    private func computeAgreement(with publicKey: [UInt8]) -> Secret? {
        Secret { shared in earshot_x25519(key, publicKey, shared) == 1 }
    }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
