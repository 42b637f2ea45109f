/// The error for a record that cannot be opened: forged, repeated, out of order, or after the end of the counter.
public struct RecordError: Error, Equatable, Sendable {
    public init() {}
}

/// The two directions of a link after its handshake (Noise §5.3): records are sealed and opened in order.
public final class Transport {
    /// The number of bytes by which a record is longer than its plaintext.
    public static let tagBytes = CipherState.tagBytes
    /// The number of records in one direction after which both sides rekey, without a message (Noise §11.3). It limits
    /// the data sealed with one key, and the counter stays far from its end.
    static let recordsPerKey: UInt64 = 65_536

    private let sending: CipherState
    private let receiving: CipherState
    private let recordsPerKey: UInt64

    init(sending: CipherState, receiving: CipherState, recordsPerKey: UInt64 = Transport.recordsPerKey) {
        self.sending = sending
        self.receiving = receiving
        self.recordsPerKey = recordsPerKey
    }

    /// Appends one sealed record, ``tagBytes`` longer than `plaintext`.
    public func seal(_ plaintext: ArraySlice<UInt8>, into output: inout [UInt8]) {
        let isSealed = sending.seal(plaintext, into: &output)
        precondition(isSealed, "2^64 records were sealed")
        if sending.nonce % recordsPerKey == 0 { sending.rekey() }
    }

    /// Seals the bytes of `output` from `start` on in place; the record is ``tagBytes`` longer. Allocates nothing if
    /// `output` has the capacity.
    public func seal(tailOf output: inout [UInt8], from start: Int) {
        let isSealed = sending.seal(tailOf: &output, from: start)
        precondition(isSealed, "2^64 records were sealed")
        if sending.nonce % recordsPerKey == 0 { sending.rekey() }
    }

    /// Appends the plaintext of one record.
    public func open(_ record: ArraySlice<UInt8>, into output: inout [UInt8]) throws(RecordError) {
        guard receiving.open(record, into: &output) else { throw RecordError() }
        if receiving.nonce % recordsPerKey == 0 { receiving.rekey() }
    }
}
