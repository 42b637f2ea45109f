/// A statement signed by a community's key that a relay belongs to the community (Protocol.md, Communities).
public struct RelayCertificate: Equatable, Sendable {
    /// The community's key, which signs.
    public var community: PeerID
    /// The relay's own key, which it proves on its links.
    public var relay: PeerID
    /// The start of validity in milliseconds since 1970.
    public var notBefore: UInt64
    /// The end of validity in milliseconds since 1970, later than ``notBefore``.
    public var notAfter: UInt64

    public init(community: PeerID, relay: PeerID, notBefore: UInt64, notAfter: UInt64) {
        self.community = community
        self.relay = relay
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Returns the payload to sign.
    /// - Precondition: The times are in their ranges.
    public func encoded() -> [UInt8] {
        precondition(notBefore < notAfter && notAfter <= Limits.wallTime, "a certificate ends after it begins")
        var writer = CBORWriter(capacityBytes: 96)
        writer.array(count: 5)
        writer.unsigned(Limits.version)
        writer.identifier(community)
        writer.identifier(relay)
        writer.unsigned(notBefore)
        writer.unsigned(notAfter)
        return writer.bytes
    }

    /// Decodes a payload. Elements after the fifth are checked to be CBOR and ignored.
    /// - Throws: ``WireError/unsupportedVersion(theirs:ours:)`` before reading anything that another version may have
    ///   changed.
    public static func decode(_ payload: ArraySlice<UInt8>) throws(WireError) -> RelayCertificate {
        var fields = try FieldReader(payload, message: "certificate")
        try fields.expectVersion()
        let community: PeerID = try fields.identifier("community")
        let relay: PeerID = try fields.identifier("relay")
        let notBefore = try fields.unsigned("notBefore", in: 0...Limits.wallTime - 1)
        let notAfter = try fields.unsigned("notAfter", in: notBefore + 1...Limits.wallTime)
        try fields.finish()
        return RelayCertificate(community: community, relay: relay, notBefore: notBefore, notAfter: notAfter)
    }

    public static func decode(_ payload: [UInt8]) throws(WireError) -> RelayCertificate {
        try decode(payload[...])
    }
}
