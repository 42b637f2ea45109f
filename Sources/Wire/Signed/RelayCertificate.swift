/// What a community's key signs to say that a relay belongs to the community (Protocol.md, Communities).
public struct RelayCertificate: Equatable, Sendable {
    /// The community's key, which signs.
    public var community: PeerID
    /// The relay's own key, which its links prove.
    public var relay: PeerID
    /// Milliseconds since 1970.
    public var notBefore: UInt64
    /// Milliseconds since 1970, later than ``notBefore``.
    public var notAfter: UInt64

    public init(community: PeerID, relay: PeerID, notBefore: UInt64, notAfter: UInt64) {
        self.community = community
        self.relay = relay
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// The payload to sign.
    /// - Precondition: the times are in their ranges.
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

    /// - Throws: ``WireError/unsupportedVersion(theirs:ours:)`` before looking at anything else that another version
    ///   may have changed. Elements after the fifth are checked to be CBOR and ignored.
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
