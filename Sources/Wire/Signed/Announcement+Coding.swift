extension Announcement {
    /// Returns the payload to sign (Protocol.md, Announcement).
    /// - Precondition: The fields are in their ranges.
    public func encoded() -> [UInt8] {
        precondition(1...Limits.nameBytes ~= name.utf8.count, "a name has 1...32 bytes")
        precondition(claimTime <= Limits.wallTime, "a claim's time lies before the year 10,000")
        precondition(linkPort > 0, "links need a port")
        precondition(Features.announced.contains(features.rawValue), "an introduction has room for 32 features")
        var writer = CBORWriter(capacityBytes: 128)
        // Without features the array is the one of a peer that knows of none.
        writer.array(count: features.isEmpty ? 8 : 9)
        writer.unsigned(Limits.version)
        writer.unsigned(UInt64(kind.rawValue))
        writer.identifier(peer)
        writer.unsigned(instance)
        writer.unsigned(sequence)
        writer.text(name)
        writer.unsigned(claimTime)
        writer.unsigned(UInt64(linkPort))
        if !features.isEmpty { writer.unsigned(features.rawValue) }
        return writer.bytes
    }

    /// Decodes a payload. Elements after the ninth are checked to be CBOR and ignored.
    /// - Throws: ``WireError/unsupportedVersion(theirs:ours:)`` before reading anything that another version may have
    ///   changed.
    public static func decode(_ payload: ArraySlice<UInt8>) throws(WireError) -> Announcement {
        var fields = try FieldReader(payload, message: "announcement")
        try fields.expectVersion()
        let announcement = Announcement(
            kind: try fields.kind("kind"),
            peer: try fields.identifier("peer"),
            instance: try fields.unsigned("instance"),
            sequence: try fields.unsigned("sequence"),
            name: try fields.text("name", size: 1...Limits.nameBytes),
            claimTime: try fields.unsigned("claimTime", in: 0...Limits.wallTime),
            linkPort: UInt16(try fields.unsigned("linkPort", in: 1...65535)),
            features: Features(rawValue: try fields.unsignedIfPresent("features") ?? 0))
        try fields.finish()
        return announcement
    }

    public static func decode(_ payload: [UInt8]) throws(WireError) -> Announcement {
        try decode(payload[...])
    }
}
