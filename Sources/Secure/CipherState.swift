import COpenSSL

/// Noise §5.1: a key and a counter of what was sealed with it. One direction of a link.
final class CipherState: CustomReflectable {
    private let context: UnsafeMutableRawPointer  // Holds the key, and wipes it when it is freed.
    private(set) var nonce: UInt64 = 0
    static let tagBytes = 16

    init(key: Secret) {
        guard let context = key.withBytes({ earshot_aead_new($0) }) else {
            preconditionFailure("libcrypto lacks ChaCha20-Poly1305")
        }
        self.context = context
    }

    deinit { earshot_aead_free(context) }

    /// Appends the ciphertext and its tag. Nothing is allocated if `output` has the capacity.
    /// - Returns: false when the counter is used up (Noise §5.1 reserves the last nonce).
    func seal(_ plaintext: ArraySlice<UInt8>, associated: [UInt8] = [], into output: inout [UInt8]) -> Bool {
        guard nonce < UInt64.max else { return false }
        let start = output.count
        output.append(contentsOf: plaintext)
        for _ in 0..<Self.tagBytes { output.append(0) }
        let isDone = output.withUnsafeMutableBufferPointer { buffer in
            let place = buffer.baseAddress! + start  // Not empty: it holds the tag.
            return Self.withNonce(nonce) { nonce in
                earshot_aead_seal(context, nonce, associated, associated.count, place, plaintext.count, place)
            }
        }
        precondition(isDone == 1, "libcrypto cannot seal")
        nonce += 1
        return true
    }

    /// Appends the plaintext.
    /// - Returns: false, with `output` as it was, if the ciphertext is not authentic; the counter stays.
    func open(_ ciphertext: ArraySlice<UInt8>, associated: [UInt8] = [], into output: inout [UInt8]) -> Bool {
        guard ciphertext.count >= Self.tagBytes, nonce < UInt64.max else { return false }
        let start = output.count
        let count = ciphertext.count - Self.tagBytes
        output.append(contentsOf: ciphertext)
        let isDone = output.withUnsafeMutableBufferPointer { buffer in
            let place = buffer.baseAddress! + start
            return Self.withNonce(nonce) { nonce in
                earshot_aead_open(context, nonce, associated, associated.count, place, count, place)
            }
        }
        output.removeLast(isDone == 1 ? Self.tagBytes : ciphertext.count)
        guard isDone == 1 else { return false }
        nonce += 1
        return true
    }

    /// Sets the counter of a cipher that was just made for the middle of a handshake.
    func skip(to number: UInt64) {
        precondition(nonce <= number, "a counter never goes back")
        nonce = number
    }

    /// Noise §4.2: a new key out of the old one, which cannot be found from it.
    func rekey() {
        let zeros = [UInt8](repeating: 0, count: Secret.byteCount)
        var sealed = [UInt8](repeating: 0, count: zeros.count + Self.tagBytes)
        let isDone = Self.withNonce(UInt64.max) { nonce in
            earshot_aead_seal(context, nonce, nil, 0, zeros, zeros.count, &sealed)
        }
        precondition(isDone == 1, "libcrypto cannot seal")
        // The key is the first 32 bytes; the tag behind it is not used.
        let isSet = earshot_aead_rekey(context, sealed)
        precondition(isSet == 1, "libcrypto cannot change a key")
        sealed.withUnsafeMutableBytes { earshot_wipe($0.baseAddress, $0.count) }
    }

    var customMirror: Mirror { Mirror(self, children: ["nonce": nonce]) }

    /// Noise §12.3: 32 zero bits, then the counter in little-endian order.
    private static func withNonce<Result>(_ number: UInt64, _ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        var nonce: (UInt32, UInt32, UInt32) = (
            0, UInt32(truncatingIfNeeded: number).littleEndian, UInt32(truncatingIfNeeded: number >> 32).littleEndian
        )
        return withUnsafeBytes(of: &nonce) { body($0.baseAddress!.assumingMemoryBound(to: UInt8.self)) }
    }
}
