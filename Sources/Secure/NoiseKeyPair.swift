import COpenSSL

/// An X25519 key pair (RFC 7748). Never printed; its memory is wiped when it goes.
public final class NoiseKeyPair: Sendable, CustomReflectable {
    /// 32 bytes.
    public let publicKey: [UInt8]
    private nonisolated(unsafe) let privateKey: UnsafeMutableBufferPointer<UInt8>  // Written in init only.

    /// - Parameter privateKey: 32 random bytes.
    public init(privateKey bytes: [UInt8]) {
        precondition(bytes.count == Self.byteCount, "an X25519 key has 32 bytes")
        privateKey = .allocate(capacity: Self.byteCount)
        _ = privateKey.initialize(fromContentsOf: bytes)
        var publicKey = [UInt8](repeating: 0, count: Self.byteCount)
        let isDone = earshot_x25519_public(bytes, &publicKey)
        precondition(isDone == 1, "libcrypto lacks X25519")
        self.publicKey = publicKey
    }

    deinit {
        earshot_wipe(privateKey.baseAddress, privateKey.count)
        privateKey.deallocate()
    }

    static let byteCount = 32

    /// Noise's DH(). Nil where the result would be all zeros: a public key of low order (RFC 7748 §6.1).
    func agree(with publicKey: [UInt8]) -> [UInt8]? {
        guard publicKey.count == Self.byteCount else { return nil }
        var shared = [UInt8](repeating: 0, count: Self.byteCount)
        let isDone = earshot_x25519(privateKey.baseAddress, publicKey, &shared)
        return isDone == 1 ? shared : nil
    }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
