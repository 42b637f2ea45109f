import COpenSSL

/// Thirty-two secret bytes: a private key, or a value that a handshake derives. They are compared in constant time,
/// never printed, and wiped when the last reference is released; an array could leave copies behind.
final class Secret: Sendable, Equatable, CustomReflectable {
    static let byteCount = 32

    private nonisolated(unsafe) let bytes: UnsafeMutablePointer<UInt8>  // Written in init only.

    /// Creates a secret that `write` fills. Nil if it fails.
    /// - Parameter write: Fills the 32 bytes and returns whether it succeeded.
    init?(writing write: (UnsafeMutablePointer<UInt8>) -> Bool) {
        bytes = .allocate(capacity: Self.byteCount)
        bytes.initialize(repeating: 0, count: Self.byteCount)
        guard write(bytes) else { return nil }
    }

    /// Copies 32 bytes.
    /// - Parameter source: Exactly 32 bytes.
    init(_ source: [UInt8]) {
        precondition(source.count == Self.byteCount, "a secret has 32 bytes")
        bytes = .allocate(capacity: Self.byteCount)
        bytes.initialize(from: source, count: Self.byteCount)
    }

    deinit {
        earshot_wipe(bytes, Self.byteCount)
        bytes.deallocate()
    }

    /// Calls `body` with the bytes. The pointer is valid only during the call.
    func withBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result { body(bytes) }

    static func == (left: Secret, right: Secret) -> Bool {
        earshot_equal(left.bytes, right.bytes, byteCount) == 1
    }

    var customMirror: Mirror { Mirror(self, children: []) }
}
