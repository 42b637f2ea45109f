/// A signed payload as the exact bytes that were received or created: a CBOR array `[payload, signature]` (Protocol.md,
/// Signed bytes). These bytes are stored and forwarded, and never encoded again.
///
/// Parsing checks only the form; a caller that needs a valid signature verifies it over
/// ``SignatureContext/message(for:)``.
public struct Envelope: Hashable, Sendable {
    /// The size of an Ed25519 signature (RFC 8032 §5.1.6).
    public static let signatureByteCount = 64

    /// The whole envelope, as on the wire.
    public let bytes: [UInt8]
    private let payloadRange: Range<Int>

    /// Parses an envelope.
    /// - Throws: Unless `bytes` are exactly one envelope of at most `maximumBytes` bytes.
    public init(parsing bytes: [UInt8], maximumBytes: Int) throws(CBORError) {
        guard bytes.count <= maximumBytes else {
            throw .tooLong(length: UInt64(bytes.count), maximum: maximumBytes, offset: 0)
        }
        var reader = CBORReader(bytes)
        let count = try reader.array()
        guard count == 2 else { throw .unexpectedCount(expected: 2, found: count, offset: 0) }
        let payload = try reader.bytes()
        let signatureOffset = reader.offset
        let signature = try reader.bytes()
        guard signature.count == Self.signatureByteCount else {
            throw .unexpectedCount(
                expected: Self.signatureByteCount, found: signature.count, offset: signatureOffset)
        }
        try reader.finish()
        self.bytes = bytes
        payloadRange = payload.indices
    }

    /// Returns the envelope at the start of `bytes`, without the bytes that follow it, or all of `bytes` if there is
    /// none.
    public static func prefix(of bytes: [UInt8]) -> [UInt8] {
        var reader = CBORReader(bytes)
        do throws(CBORError) {
            guard try reader.array() == 2 else { return bytes }
            _ = try reader.bytes()
            _ = try reader.bytes()
        } catch {
            return bytes
        }
        return Array(bytes.prefix(reader.offset))
    }

    /// Creates an envelope from its parts.
    /// - Precondition: `signature` has ``signatureByteCount`` bytes.
    public init(payload: [UInt8], signature: [UInt8]) {
        precondition(signature.count == Self.signatureByteCount, "an Ed25519 signature has 64 bytes")
        var writer = CBORWriter(capacityBytes: payload.count + signature.count + 16)
        writer.array(count: 2)
        writer.bytes(payload)
        let payloadEnd = writer.bytes.count
        writer.bytes(signature)
        bytes = writer.bytes
        payloadRange = payloadEnd - payload.count..<payloadEnd
    }

    /// The payload, without the context of the signature.
    public var payload: ArraySlice<UInt8> { bytes[payloadRange] }
    /// The signature, 64 bytes.
    public var signature: [UInt8] { Array(bytes.suffix(Self.signatureByteCount)) }
}

/// The purpose of a signature, so that none can be used for another: the signature covers the context, a zero byte and
/// the payload.
public enum SignatureContext: String, Sendable {
    case announcement = "earshot announcement v1"
    case entry = "earshot entry v1"
    case advertisement = "earshot statement v1"
    case staticKey = "earshot static key v1"
    case relayCertificate = "earshot relay certificate v1"

    /// Returns the bytes to sign or verify.
    public func message(for payload: some Collection<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rawValue.utf8.count + 1 + payload.count)
        bytes.append(contentsOf: rawValue.utf8)
        bytes.append(0)
        bytes.append(contentsOf: payload)
        return bytes
    }
}
