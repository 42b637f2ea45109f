/// What a peer on a big LAN says of itself and of its links, for all to hear who have no link with it (Protocol.md,
/// Big networks).
public struct Statement: Equatable, Sendable {
    /// Grows with every statement of a peer; begins at the wall clock in milliseconds, as an announcement's does.
    public var sequence: UInt64
    /// Its announcement as it signed it: who says this, which process of it, under which name. A goodbye: it leaves.
    public var announcement: [UInt8]
    /// Why it is away, possibly empty; nil: it is here.
    public var away: String?
    /// The processes that it has links with, ascending, none twice; at most ``Limits/statementLinkCount``.
    public var links: [ProcessTag]

    public init(sequence: UInt64, announcement: [UInt8], away: String?, links: [ProcessTag]) {
        self.sequence = sequence
        self.announcement = announcement
        self.away = away
        self.links = links
    }
}

/// A running process of a peer in eight bytes: the first of the SHA-256 of the peer's ID and its instance. Nobody can
/// choose an instance so that it is taken for another's.
public struct ProcessTag: Hashable, Comparable, Sendable {
    /// Size on the wire, in bytes.
    public static let byteCount = 8

    /// The bytes as a big-endian number.
    public var number: UInt64

    public init(number: UInt64) { self.number = number }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// One version of what a process states, by which it is told of.
public struct StatementKey: Hashable, Sendable {
    /// Size on the wire, in bytes.
    public static let byteCount = 16

    public var process: ProcessTag
    public var sequence: UInt64

    public init(process: ProcessTag, sequence: UInt64) {
        self.process = process
        self.sequence = sequence
    }

    /// Which sum of a digest it counts in: the first six bits of the process.
    public var sumIndex: Int { Int(process.number >> 58) }
    /// What it counts there.
    public var weight: UInt64 { process.number &* (sequence &* 2 &+ 1) }
}

/// A statement as it is handed on, with where its peer can be reached.
public struct StatedPeer: Equatable, Sendable {
    /// Signed bytes, as the peer made them.
    public var statement: [UInt8]
    /// Where who hands this on believes it to be, best first, at most 8.
    public var endpoints: [Endpoint]

    public init(statement: [UInt8], endpoints: [Endpoint]) {
        self.statement = statement
        self.endpoints = endpoints
    }
}

extension Statement {
    /// The payload to sign (Protocol.md, Big networks).
    /// - Precondition: the fields are in their ranges.
    public func encoded() -> [UInt8] {
        precondition(1...Limits.datagramBytes ~= announcement.count, "an announcement fits a datagram")
        precondition(links.count <= Limits.statementLinkCount, "a statement names at most 128 links")
        precondition((away?.utf8.count ?? 0) <= Limits.awayBytes, "a word why has at most 256 bytes")
        var writer = CBORWriter(capacityBytes: announcement.count + links.count * ProcessTag.byteCount + 32)
        writer.array(count: 5)
        writer.unsigned(Limits.version)
        writer.unsigned(sequence)
        writer.bytes(announcement)
        if let away { writer.text(away) } else { writer.null() }
        writer.numbers(links.map(\.number))
        return writer.bytes
    }

    /// - Throws: ``WireError/unsupportedVersion(theirs:ours:)`` before looking at anything else that another version
    ///   may have changed. Elements after the fifth are checked to be CBOR and ignored.
    public static func decode(_ payload: ArraySlice<UInt8>) throws(WireError) -> Statement {
        var fields = try FieldReader(payload, message: "statement")
        try fields.expectVersion()
        let statement = Statement(
            sequence: try fields.unsigned("sequence"),
            announcement: try fields.bytes("announcement", size: 1...Limits.datagramBytes),
            away: try fields.textOrNull("away", maximumBytes: Limits.awayBytes),
            links: try fields.numbers("links", maximum: Limits.statementLinkCount).map { ProcessTag(number: $0) })
        try fields.finish()
        for (one, next) in zip(statement.links, statement.links.dropFirst()) where one >= next {
            throw .outOfRange(field: "links", value: next.number, allowed: one.number...UInt64.max)
        }
        return statement
    }

    public static func decode(_ payload: [UInt8]) throws(WireError) -> Statement {
        try decode(payload[...])
    }
}

extension CBORWriter {
    /// Big-endian numbers of eight bytes each, as one byte string.
    mutating func numbers(_ numbers: [UInt64]) {
        head(.bytes, UInt64(numbers.count * 8))
        for number in numbers {
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }
    }
}

extension FieldReader {
    /// The other way round. `multiple`: their number must be one of this.
    mutating func numbers(_ field: String, maximum: Int, multiple: Int = 1) throws(WireError) -> [UInt64] {
        let packed = try bytes(field, size: 0...maximum * 8)
        guard packed.count % (8 * multiple) == 0 else {
            throw .wrongSize(field: field, bytes: packed.count, allowed: 0...maximum * 8)
        }
        return packed.withUnsafeBytes { bytes in
            (0..<bytes.count / 8).map {
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
            }
        }
    }
}
