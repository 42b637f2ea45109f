import COpenSSL

/// A Noise cipher state (§5.1): a key and the number of messages sealed with it, for one direction of a link.
final class CipherState: CustomReflectable {
    private var key: Secret
    private(set) var nonce: UInt64 = 0
    static let tagBytes = 16

    init(key: Secret) { self.key = key }

    deinit { earshot_aead_forget() }

    /// Appends the ciphertext and its tag, without allocating if `output` has the capacity.
    /// - Returns: False when the counter is exhausted (Noise §5.1 reserves the last nonce).
    func seal(_ plaintext: ArraySlice<UInt8>, associated: [UInt8] = [], into output: inout [UInt8]) -> Bool {
        let start = output.count
        guard nonce < UInt64.max else { return false }
        output.append(contentsOf: plaintext)
        return seal(tailOf: &output, from: start, associated: associated)
    }

    /// Seals the bytes from `start` on in place and appends the tag, without allocating if `output` has the capacity.
    /// - Returns: False when the counter is exhausted (Noise §5.1 reserves the last nonce).
    func seal(tailOf output: inout [UInt8], from start: Int, associated: [UInt8] = []) -> Bool {
        guard nonce < UInt64.max else { return false }
        let count = output.count - start
        precondition(count >= 0, "a tail begins in its buffer")
        for _ in 0..<Self.tagBytes { output.append(0) }
        let isDone = output.withUnsafeMutableBufferPointer { buffer in
            let index = buffer.baseAddress! + start  // Not empty: it holds the tag.
            return withKeyAndNonce { key, nonce in
                earshot_aead_seal(key, nonce, associated, associated.count, index, count, index)
            }
        }
        precondition(isDone == 1, "libcrypto cannot seal")
        nonce += 1
        return true
    }

    /// Appends the plaintext.
    /// - Returns: False if the ciphertext is not authentic; `output` and the counter are then unchanged.
    func open(_ ciphertext: ArraySlice<UInt8>, associated: [UInt8] = [], into output: inout [UInt8]) -> Bool {
        guard ciphertext.count >= Self.tagBytes, nonce < UInt64.max else { return false }
        let start = output.count
        let count = ciphertext.count - Self.tagBytes
        output.append(contentsOf: ciphertext)
        let isDone = output.withUnsafeMutableBufferPointer { buffer in
            let index = buffer.baseAddress! + start
            return withKeyAndNonce { key, nonce in
                earshot_aead_open(key, nonce, associated, associated.count, index, count, index)
            }
        }
        output.removeLast(isDone == 1 ? Self.tagBytes : ciphertext.count)
        guard isDone == 1 else { return false }
        nonce += 1
        return true
    }

    /// Sets the counter of a cipher that was created in the middle of a handshake.
    func skip(to number: UInt64) {
        precondition(nonce <= number, "a counter never goes back")
        nonce = number
    }

    /// Replaces the key with one derived from it, from which the old key cannot be recovered (Noise §4.2).
    func rekey() {
        let zeros = [UInt8](repeating: 0, count: Secret.byteCount)
        var sealed = [UInt8](repeating: 0, count: zeros.count + Self.tagBytes)
        let isDone = withKeyAndNonce(.max) { key, nonce in
            earshot_aead_seal(key, nonce, nil, 0, zeros, zeros.count, &sealed)
        }
        precondition(isDone == 1, "libcrypto cannot seal")
        // The key is the first 32 bytes; the tag after it is not used.
        key = Secret(writing: { key in
            sealed.withUnsafeBufferPointer { key.update(from: $0.baseAddress!, count: Secret.byteCount) }
            return true
        })!
        sealed.withUnsafeMutableBytes { earshot_wipe($0.baseAddress, $0.count) }
    }

    var customMirror: Mirror { Mirror(self, children: ["nonce": nonce]) }

    /// Calls `body` with the key and the nonce: 32 zero bits, then the counter in little-endian order (Noise §12.3).
    private func withKeyAndNonce(
        _ number: UInt64? = nil, _ body: (UnsafePointer<UInt8>, UnsafePointer<UInt8>) -> CInt
    ) -> CInt {
        let number = number ?? nonce
        var words: (UInt32, UInt32, UInt32) = (
            0, UInt32(truncatingIfNeeded: number).littleEndian, UInt32(truncatingIfNeeded: number >> 32).littleEndian
        )
        return withUnsafeBytes(of: &words) { nonce in
            key.withBytes { body($0, nonce.baseAddress!.assumingMemoryBound(to: UInt8.self)) }
        }
    }
}
