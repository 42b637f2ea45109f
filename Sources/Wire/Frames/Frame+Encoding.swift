extension Frame {
    /// Returns the encoded frame, without the length that precedes it in the stream.
    /// - Precondition: Lists and texts are within ``Limits``, the whole within ``Limits/frameBytes``.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(capacityBytes: expectedBytes)
        write(to: &writer)
        precondition(writer.bytes.count <= Limits.frameBytes, "a frame has at most 60 KiB")
        return writer.bytes
    }

    /// The initial capacity for encoding. Entries are forwarded by the thousand, so their storage never has to grow.
    private var expectedBytes: Int {
        guard case .entries(let list) = self else { return 64 }
        return list.reduce(16) { $0 + $1.count + 5 }
    }

    /// Appends the frame, preceded by its length, to the plaintext stream of a link.
    /// - Precondition: As for ``encoded()``.
    public func append(to stream: inout [UInt8]) {
        var writer = CBORWriter()
        // Write in place: the stream's storage moves into the writer and back.
        swap(&writer.bytes, &stream)
        let start = writer.bytes.count
        writer.bytes.append(0)
        writer.bytes.append(0)
        write(to: &writer)
        let length = writer.bytes.count - start - 2
        precondition(length <= Limits.frameBytes, "a frame has at most 60 KiB")
        writer.bytes[start] = UInt8(length >> 8)
        writer.bytes[start + 1] = UInt8(length & 0xFF)
        swap(&writer.bytes, &stream)
    }

    private func write(to writer: inout CBORWriter) {
        switch self {
        case .hello(let announcement, let gathering, let away):
            writer.begin(.hello, fieldCount: 3)
            writer.announcement(announcement)
            writer.identifierOrNull(gathering)
            writer.awayOrNull(away)
        case .announcement(let announcement):
            writer.begin(.announcement, fieldCount: 1)
            writer.announcement(announcement)
        case .peers(let introductions):
            writer.begin(.peers, fieldCount: 1)
            writer.introductions(introductions)
        case .ping(let number):
            writer.begin(.ping, fieldCount: 1)
            writer.unsigned(number)
        case .pong(let number):
            writer.begin(.pong, fieldCount: 1)
            writer.unsigned(number)
        case .goodbye(let reason):
            writer.begin(.goodbye, fieldCount: 1)
            writer.unsigned(UInt64(reason.rawValue))
        case .entries(let entries):
            writer.begin(.entries, fieldCount: 1)
            writer.entries(entries)
        case .reconcile(let room, let gathering, let message):
            writer.begin(.reconcile, fieldCount: 3)
            writer.identifier(room)
            writer.identifierOrNull(gathering)
            writer.bytes(message)
        case .want(let room, let ids):
            writer.roomAndIDs(.want, room, ids)
        case .have(let room, let ids):
            writer.roomAndIDs(.have, room, ids)
        case .receipt(let room, let ids):
            writer.roomAndIDs(.receipt, room, ids)
        case .gathering(let gathering):
            writer.begin(.gathering, fieldCount: 1)
            writer.identifier(gathering)
        case .away(let word):
            writer.begin(.away, fieldCount: 1)
            writer.awayOrNull(word)
        case .authors(let room, let names):
            precondition(names.count <= Limits.frameAuthorCount, "a frame has at most 256 names")
            writer.begin(.authors, fieldCount: 2)
            writer.identifier(room)
            writer.array(count: names.count)
            for name in names { name.write(to: &writer) }
        case .digest, .advertise, .request, .advertisements:
            writeOfAdvertisements(to: &writer)
        case .join, .welcome, .refusal, .members, .moderate, .moderated, .removed, .notice, .topic, .tunnel,
            .tunnelClosed, .declined:
            writeOfRelay(to: &writer)
        }
    }
}

extension CBORWriter {
    mutating func begin(_ type: Frame.TypeNumber, fieldCount: Int) {
        array(count: 1 + fieldCount)
        unsigned(UInt64(type.rawValue))
    }

    fileprivate mutating func announcement(_ envelope: [UInt8]) {
        precondition(1...Limits.datagramBytes ~= envelope.count, "an announcement fits a datagram")
        bytes(envelope)
    }

    fileprivate mutating func identifierOrNull<Kind>(_ value: Identifier<Kind>?) {
        if let value { identifier(value) } else { null() }
    }

    fileprivate mutating func awayOrNull(_ word: String?) {
        guard let word else { return null() }
        precondition(word.utf8.count <= Limits.awayBytes, "an away message has at most 256 bytes")
        text(word)
    }

    fileprivate mutating func entries(_ entries: [[UInt8]]) {
        array(count: entries.count)
        for entry in entries {
            precondition(entry.count <= Limits.entryBytes, "an entry has at most 17,408 bytes")
            bytes(entry)
        }
    }

    mutating func roomAndIDs(_ type: Frame.TypeNumber, _ room: RoomID, _ ids: [EntryID], more: Int = 0) {
        precondition(ids.count <= Limits.frameIDCount, "a frame has at most 1,024 IDs")
        begin(type, fieldCount: 2 + more)
        identifier(room)
        array(count: ids.count)
        for id in ids { identifier(id) }
    }

    fileprivate mutating func introductions(_ introductions: [Introduction]) {
        precondition(introductions.count <= Limits.frameIntroductionCount, "a frame has at most 64 introductions")
        array(count: introductions.count)
        for introduction in introductions {
            array(count: 2)
            announcement(introduction.announcement)
            endpoints(introduction.endpoints)
        }
    }

    mutating func endpoints(_ endpoints: [Endpoint]) {
        precondition(endpoints.count <= Limits.introductionEndpointCount, "at most 8 endpoints")
        array(count: endpoints.count)
        for endpoint in endpoints { self.endpoint(endpoint) }
    }

    private mutating func endpoint(_ endpoint: Endpoint) {
        precondition(endpoint.port > 0, "an endpoint has a port")
        array(count: 2)
        switch endpoint.address {
        case .v4(let address):
            head(.bytes, 4)
            for shift in [UInt32(24), 16, 8, 0] {
                bytes.append(UInt8(truncatingIfNeeded: address >> shift))
            }
        case .v6(let high, let low, _):
            head(.bytes, 16)
            for half in [high, low] {
                for shift in [UInt64(56), 48, 40, 32, 24, 16, 8, 0] {
                    bytes.append(UInt8(truncatingIfNeeded: half >> shift))
                }
            }
        }
        unsigned(UInt64(endpoint.port))
    }
}
