extension Frame {
    /// Decodes a frame. Elements after those of this version are checked to be CBOR and ignored.
    /// - Parameter bytes: One frame, without its length.
    /// - Throws: ``WireError/unknownFrameType(_:)`` for a type of a later version, which ``WireError/mayBeIgnored``
    ///   tells apart from violations.
    public init(decoding bytes: ArraySlice<UInt8>) throws(WireError) {
        guard bytes.count <= Limits.frameBytes else {
            throw .tooLong(bytes: bytes.count, maximum: Limits.frameBytes)
        }
        var fields = try FieldReader(bytes, message: "frame")
        let number = try fields.unsigned("type")
        guard let small = UInt8(exactly: number), let type = TypeNumber(rawValue: small) else {
            // Even a frame that is ignored has to be CBOR.
            try fields.finish()
            throw .unknownFrameType(number)
        }
        self = try Self.decode(type, &fields)
        try fields.finish()
    }

    public init(decoding bytes: [UInt8]) throws(WireError) {
        try self.init(decoding: bytes[...])
    }

    private static func decode(_ type: TypeNumber, _ fields: inout FieldReader) throws(WireError) -> Frame {
        switch type {
        case .hello:
            .hello(
                announcement: try fields.bytes("announcement", size: 1...Limits.datagramBytes),
                gathering: try fields.identifierOrNull("gathering"),
                away: try fields.textOrNull("away", maximumBytes: Limits.awayBytes))
        case .announcement:
            .announcement(try fields.bytes("announcement", size: 1...Limits.datagramBytes))
        case .peers:
            .peers(
                try fields.list("introductions", maximum: Limits.frameIntroductionCount) {
                    (reader) throws(CBORError) in try Introduction(from: &reader)
                })
        case .ping:
            .ping(try fields.unsigned("number"))
        case .pong:
            .pong(try fields.unsigned("number"))
        case .goodbye:
            .goodbye(try fields.kind("reason", or: .other))
        case .entries:
            .entries(
                try fields.list("entries", maximum: Limits.frameBytes) {
                    (reader) throws(CBORError) in Array(try reader.bytes(maximum: Limits.entryBytes))
                })
        case .reconcile:
            .reconcile(
                room: try fields.identifier("room"),
                gathering: try fields.identifierOrNull("gathering"),
                message: try fields.bytes("message", size: 0...Limits.reconciliationBytes))
        case .want:
            .want(room: try fields.identifier("room"), ids: try fields.identifiers("ids", maximum: Limits.frameIDCount))
        case .have:
            .have(room: try fields.identifier("room"), ids: try fields.identifiers("ids", maximum: Limits.frameIDCount))
        case .receipt:
            .receipt(
                room: try fields.identifier("room"), ids: try fields.identifiers("ids", maximum: Limits.frameIDCount))
        case .gathering:
            .gathering(try fields.identifier("gathering"))
        case .away:
            .away(try fields.textOrNull("away", maximumBytes: Limits.awayBytes))
        case .authors:
            .authors(
                room: try fields.identifier("room"),
                names: try fields.list("names", maximum: Limits.frameAuthorCount) {
                    (reader) throws(CBORError) in try AuthorName(from: &reader)
                })
        case .digest, .advertise, .request, .advertisements:
            try decodeOfAdvertisements(type, &fields)
        case .join, .welcome, .refusal, .members, .moderate, .moderated, .removed, .notice, .topic, .tunnel,
            .tunnelClosed, .declined:
            try decodeOfRelay(type, &fields)
        }
    }
}

extension Introduction {
    fileprivate init(from reader: inout CBORReader) throws(CBORError) {
        self = try reader.fields(2) { (reader) throws(CBORError) in
            let announcement = Array(try reader.bytes(maximum: Limits.datagramBytes))
            return Introduction(announcement: announcement, endpoints: try Endpoint.list(from: &reader))
        }
    }
}

extension Endpoint {
    /// Reads the endpoints at which a peer may be reached.
    static func list(from reader: inout CBORReader) throws(CBORError) -> [Endpoint] {
        try reader.list(maximum: Limits.introductionEndpointCount) { (reader) throws(CBORError) in
            try reader.fields(2) { (reader) throws(CBORError) in try Endpoint(from: &reader) }
        }
    }

    /// Reads the two elements that this version knows.
    private init(from reader: inout CBORReader) throws(CBORError) {
        let addressOffset = reader.offset
        let address = try reader.bytes(maximum: 16)
        let portOffset = reader.offset
        let number = try reader.unsigned()
        guard let port = UInt16(exactly: number), port > 0 else { throw .integerOutOfRange(offset: portOffset) }
        switch address.count {
        case 4:
            self.init(address: .v4(UInt32(truncatingIfNeeded: Self.bigEndian(address))), port: port)
        case 16:
            let high = Self.bigEndian(address.prefix(8))
            let low = Self.bigEndian(address.suffix(8))
            self.init(address: .v6(high: high, low: low, scope: 0), port: port)
        default:
            throw .unexpectedCount(expected: 16, found: address.count, offset: addressOffset)
        }
    }

    /// Returns at most eight bytes as a big-endian number.
    private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
