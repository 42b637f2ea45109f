/// A link-state advertisement: a peer's description of itself and its links on a big LAN, for all peers that have no
/// link with it (Protocol.md, Big networks).
public struct LinkStateAdvertisement: Equatable, Sendable {
    /// A number that grows with every advertisement of a peer. It starts at the wall clock in milliseconds, like an
    /// announcement's.
    public var sequence: UInt64
    /// The peer's signed announcement, which names the peer, its process and its name. A goodbye means that it leaves.
    public var announcement: [UInt8]
    /// The away message, possibly empty; nil if the peer is not away.
    public var away: String?
    /// The processes that it has links with, ascending and without duplicates; at most ``Limits/advertisementLinkCount``.
    public var links: [ProcessTag]

    public init(sequence: UInt64, announcement: [UInt8], away: String?, links: [ProcessTag]) {
        self.sequence = sequence
        self.announcement = announcement
        self.away = away
        self.links = links
    }
}

/// A running process of a peer in eight bytes: the first eight of the SHA-256 of the peer's ID and its instance. A peer
/// cannot choose an instance that makes its process pass for another's.
public struct ProcessTag: Hashable, Comparable, Sendable {
    /// The size on the wire, in bytes.
    public static let byteCount = 8

    /// The bytes as a big-endian number.
    public var number: UInt64

    public init(number: UInt64) { self.number = number }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// The key of one version of a process's link-state advertisement, by which it is advertised.
public struct AdvertisementKey: Hashable, Sendable {
    /// The size on the wire, in bytes.
    public static let byteCount = 16

    public var process: ProcessTag
    public var sequence: UInt64

    public init(process: ProcessTag, sequence: UInt64) {
        self.process = process
        self.sequence = sequence
    }

    /// The index of the sum of a digest in which it counts: the first six bits of the process.
    public var sumIndex: Int { Int(process.number >> 58) }
    /// The value that it adds to that sum.
    public var weight: UInt64 { process.number &* (sequence &* 2 &+ 1) }
}

/// A link-state advertisement as it is forwarded, with the endpoints at which its peer can be reached.
public struct AdvertisedPeer: Equatable, Sendable {
    /// The signed bytes, as the peer created them.
    public var advertisement: [UInt8]
    /// The endpoints at which the forwarding peer believes it to be, best first, at most 8.
    public var endpoints: [Endpoint]

    public init(advertisement: [UInt8], endpoints: [Endpoint]) {
        self.advertisement = advertisement
        self.endpoints = endpoints
    }
}

extension LinkStateAdvertisement {
    /// Returns the payload to sign (Protocol.md, Big networks).
    /// - Precondition: The fields are in their ranges.
    public func encoded() -> [UInt8] {
        precondition(1...Limits.datagramBytes ~= announcement.count, "an announcement fits a datagram")
        precondition(links.count <= Limits.advertisementLinkCount, "a statement names at most 128 links")
        precondition((away?.utf8.count ?? 0) <= Limits.awayBytes, "an away message has at most 256 bytes")
        var writer = CBORWriter(capacityBytes: announcement.count + links.count * ProcessTag.byteCount + 32)
        writer.array(count: 5)
        writer.unsigned(Limits.version)
        writer.unsigned(sequence)
        writer.bytes(announcement)
        if let away { writer.text(away) } else { writer.null() }
        writer.numbers(links.map(\.number))
        return writer.bytes
    }

    /// Decodes a payload. Elements after the fifth are checked to be CBOR and ignored.
    /// - Throws: ``WireError/unsupportedVersion(theirs:ours:)`` before reading anything that another version may have
    ///   changed.
    public static func decode(_ payload: ArraySlice<UInt8>) throws(WireError) -> LinkStateAdvertisement {
        var fields = try FieldReader(payload, message: "statement")
        try fields.expectVersion()
        let advertisement = LinkStateAdvertisement(
            sequence: try fields.unsigned("sequence"),
            announcement: try fields.bytes("announcement", size: 1...Limits.datagramBytes),
            away: try fields.textOrNull("away", maximumBytes: Limits.awayBytes),
            links: try fields.numbers("links", maximum: Limits.advertisementLinkCount).map { ProcessTag(number: $0) })
        try fields.finish()
        for (one, next) in zip(advertisement.links, advertisement.links.dropFirst()) where one >= next {
            throw .outOfRange(field: "links", value: next.number, allowed: one.number...UInt64.max)
        }
        return advertisement
    }

    public static func decode(_ payload: [UInt8]) throws(WireError) -> LinkStateAdvertisement {
        try decode(payload[...])
    }
}

extension CBORWriter {
    /// Writes numbers of eight big-endian bytes each as one byte string.
    mutating func numbers(_ numbers: [UInt64]) {
        head(.bytes, UInt64(numbers.count * 8))
        for number in numbers {
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }
    }
}

extension FieldReader {
    /// Reads the numbers that ``CBORWriter/numbers(_:)`` wrote.
    /// - Parameter multiple: The count must be a multiple of this.
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
