extension Entry {
    /// The payload to sign (Protocol.md, Entry).
    /// - Precondition: the fields are in their ranges.
    public func encoded() -> [UInt8] {
        precondition(1...Limits.lamport ~= lamport, "Lamport times are 1...2^53")
        precondition(wallTime <= Limits.wallTime, "an entry's time lies before the year 10,000")
        precondition(parents.count <= Limits.entryParentCount, "at most eight parents")
        precondition(Self.isAscending(parents), "parents ascend, each once")
        precondition(1...Limits.textBytes ~= body.utf8.count, "a text has 1...16,384 bytes")
        var writer = CBORWriter(capacityBytes: 128 + 34 * parents.count + body.utf8.count)
        writer.array(count: 7)
        writer.identifier(room)
        writer.identifier(author)
        writer.unsigned(lamport)
        writer.unsigned(wallTime)
        writer.array(count: parents.count)
        for parent in parents { writer.identifier(parent) }
        writer.unsigned(UInt64(kind.rawValue))
        writer.text(body)
        return writer.bytes
    }

    /// - Throws: for an unknown kind too: what cannot be shown is not kept. Elements after the seventh are checked to
    ///   be CBOR and ignored.
    public static func decode(_ payload: ArraySlice<UInt8>) throws(WireError) -> Entry {
        var fields = try FieldReader(payload, message: "entry")
        let room: RoomID = try fields.identifier("room")
        let author: PeerID = try fields.identifier("author")
        let lamport = try fields.unsigned("lamport", in: 1...Limits.lamport)
        let wallTime = try fields.unsigned("wallTime", in: 0...Limits.wallTime)
        let parents: [EntryID] = try fields.identifiers("parents", maximum: Limits.entryParentCount)
        guard isAscending(parents) else { throw .notAscending(field: "parents") }
        let kind: Kind = try fields.kind("kind")
        let body = try fields.text("body", size: 1...Limits.textBytes)
        try fields.finish()
        return Entry(
            room: room, author: author, lamport: lamport, wallTime: wallTime, parents: parents, kind: kind, body: body)
    }

    public static func decode(_ payload: [UInt8]) throws(WireError) -> Entry {
        try decode(payload[...])
    }

    private static func isAscending(_ parents: [EntryID]) -> Bool {
        zip(parents, parents.dropFirst()).allSatisfy { $0 < $1 }
    }
}
