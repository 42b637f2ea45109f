import COpenSSL

/// Checks one password often. scrypt is dear, and must be, for whoever steals the hash; it would also let strangers
/// keep a relay busy by guessing. Once somebody has given the right password, its HMAC under a key of this process
/// tells right from wrong at once.
public struct PasswordGate: Sendable, CustomReflectable {
    /// What is kept of the password.
    public let hash: PasswordHash
    private let key: [UInt8]
    /// HMAC of the right password, once it is known.
    private var mark: [UInt8]?

    /// - Parameter key: 32 random bytes, for this gate only.
    public init(hash: PasswordHash, key: [UInt8]) {
        self.hash = hash
        self.key = key
    }

    /// Whether the next answer costs no scrypt. Until it does not, callers bound how often they ask.
    public var isCheap: Bool { mark != nil }

    /// Whether this is the password.
    public mutating func admits(_ password: String) -> Bool {
        guard password.utf8.count <= PasswordHash.passwordBytes else { return false }
        let prepared = PasswordHash.prepared(password)
        var code = [UInt8](repeating: 0, count: SHA256.byteCount)
        let isDone = earshot_hmac_sha256(key, key.count, prepared, prepared.count, &code)
        precondition(isDone == 1, "libcrypto lacks HMAC")
        if let mark { return earshot_equal(mark, code, code.count) == 1 }
        guard hash.matches(password) else { return false }
        mark = code
        return true
    }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
