extension Entry {
    /// Returns the payload to sign (Protocol.md, Entry).
    /// - Precondition: The fields are in their ranges.
    public func encoded() -> [UInt8] {
        precondition(1...Limits.lamport ~= lamport, "Lamport times are 1...2^53")
        precondition(wallTime <= Limits.wallTime, "an entry's time lies before the year 10,000")
        precondition(parents.count <= Limits.entryParentCount, "at most eight parents")
        precondition(Self.isAscending(parents), "parents ascend, each once")
        precondition(!kind.isKnown || 1...Limits.textBytes ~= body.utf8.count, "a text has 1...16,384 bytes")
        precondition(kind.isKnown || 1...Limits.textBytes ~= item.count, "an item has 1...16,384 bytes")
        var writer = CBORWriter(capacityBytes: 128 + 34 * parents.count + body.utf8.count + item.count)
        writer.array(count: 7)
        writer.identifier(room)
        writer.identifier(author)
        writer.unsigned(lamport)
        writer.unsigned(wallTime)
        writer.array(count: parents.count)
        for parent in parents { writer.identifier(parent) }
        writer.unsigned(UInt64(kind.number))
        if kind.isKnown { writer.text(body) } else { writer.bytes.append(contentsOf: item) }
        return writer.bytes
    }

    /// Decodes a payload. Elements after the seventh, and the body of an entry of an unknown kind, are only checked to
    /// be CBOR: the signed bytes are what is stored and forwarded.
    public static func decode(_ payload: ArraySlice<UInt8>) throws(WireError) -> Entry {
        var fields = try FieldReader(payload, message: "entry")
        let room: RoomID = try fields.identifier("room")
        let author: PeerID = try fields.identifier("author")
        let lamport = try fields.unsigned("lamport", in: 1...Limits.lamport)
        let wallTime = try fields.unsigned("wallTime", in: 0...Limits.wallTime)
        let parents: [EntryID] = try fields.identifiers("parents", maximum: Limits.entryParentCount)
        guard isAscending(parents) else { throw .notAscending(field: "parents") }
        let kind = Kind(number: UInt16(try fields.unsigned("kind", in: 0...Limits.entryKind)))
        let body = kind.isKnown ? try fields.text("body", size: 1...Limits.textBytes) : ""
        let item = kind.isKnown ? [] : try fields.item("body", maximumBytes: Limits.textBytes)
        try fields.finish()
        return Entry(
            room: room, author: author, lamport: lamport, wallTime: wallTime, parents: parents, kind: kind, body: body,
            item: item)
    }

    public static func decode(_ payload: [UInt8]) throws(WireError) -> Entry {
        try decode(payload[...])
    }

    private static func isAscending(_ parents: [EntryID]) -> Bool {
        zip(parents, parents.dropFirst()).allSatisfy { $0 < $1 }
    }
}
