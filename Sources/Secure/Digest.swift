import COpenSSL
public import Wire

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
    public static let byteCount = 32

    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        let isDone = earshot_sha256(bytes, bytes.count, &digest)
        precondition(isDone == 1, "libcrypto lacks SHA-256")
        return digest
    }
}

/// HMAC-SHA-256 (RFC 2104) and what Noise derives from it.
enum HMAC {
    static func code(for bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: SHA256.byteCount)
        let isDone = earshot_hmac_sha256(key, key.count, bytes, bytes.count, &code)
        precondition(isDone == 1, "libcrypto lacks HMAC")
        return code
    }

    /// Noise §4.3, HKDF with two outputs (RFC 5869 with empty info).
    static func deriveTwo(chainingKey: [UInt8], input: [UInt8]) -> ([UInt8], [UInt8]) {
        let temporary = code(for: input, key: chainingKey)
        let first = code(for: [1], key: temporary)
        let second = code(for: first + [2], key: temporary)
        return (first, second)
    }
}

extension Identifier where Kind == EntryKind {
    /// The ID of the entry that has these signed bytes: their SHA-256.
    public init(of signedBytes: [UInt8]) {
        // A digest always has the 32 bytes of an identifier.
        self.init(SHA256.hash(signedBytes))!
    }
}
