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

    /// Returns the digest as four big-endian words, without allocating.
    public static func words(of bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
        var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let isDone = withUnsafeMutableBytes(of: &digest) { digest in
            earshot_sha256(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, digest.baseAddress)
        }
        precondition(isDone == 1, "libcrypto lacks SHA-256")
        return (digest.0.bigEndian, digest.1.bigEndian, digest.2.bigEndian, digest.3.bigEndian)
    }
}

/// HMAC-SHA-256 (RFC 2104) and the keys that Noise derives with it.
enum HMAC {
    /// Derives two keys with HKDF as in Noise §4.3 (RFC 5869 with empty info).
    /// - Parameter input: Nil for the empty input.
    static func deriveTwo(chainingKey: Secret, input: Secret?) -> (Secret, Secret) {
        let temporary =
            if let input {
                input.withBytes { code(for: $0, count: Secret.byteCount, key: chainingKey) }
            } else {
                code(for: nil, count: 0, key: chainingKey)
            }
        let first = code(for: [1], count: 1, key: temporary)
        let second = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Secret.byteCount + 1) { buffer in
            first.withBytes { buffer.baseAddress!.initialize(from: $0, count: Secret.byteCount) }
            buffer.initializeElement(at: Secret.byteCount, to: 2)
            defer { earshot_wipe(buffer.baseAddress, buffer.count) }
            return code(for: buffer.baseAddress, count: buffer.count, key: temporary)
        }
        return (first, second)
    }

    private static func code(for bytes: UnsafePointer<UInt8>?, count: Int, key: Secret) -> Secret {
        let code = Secret { out in
            key.withBytes { earshot_hmac_sha256($0, Secret.byteCount, bytes, count, out) } == 1
        }
        guard let code else { preconditionFailure("libcrypto lacks HMAC") }
        return code
    }
}

extension Identifier where Kind == EntryKind {
    /// Creates the ID of the entry with these signed bytes: their SHA-256.
    public init(of signedBytes: [UInt8]) {
        self.init(words: signedBytes.withUnsafeBytes { SHA256.words(of: $0) })
    }
}
