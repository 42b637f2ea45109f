import Synchronization
public import Wire

/// A link-state advertisement (LSA) as its peer signed it, with its announcement parsed. It is a reference to immutable
/// content, which many tables share.
public struct SignedAdvertisement: Equatable, Sendable {
    private final class Content: Sendable {
        let advertisement: LinkStateAdvertisement
        let announcement: SignedAnnouncement
        let name: Nickname?
        let process: ProcessTag
        let peer: PeerID
        let isGoodbye: Bool
        let envelope: Envelope
        /// Whether the signatures were verified; this never changes back.
        let isGenuine = Atomic(false)

        init(_ advertisement: LinkStateAdvertisement, _ announcement: SignedAnnouncement, _ envelope: Envelope) {
            self.advertisement = advertisement
            self.announcement = announcement
            self.envelope = envelope
            name = try? Nickname(announcement.announcement.name)
            process = ProcessTag(of: announcement.announcement)
            peer = announcement.announcement.peer
            isGoodbye = announcement.announcement.kind == .goodbye
        }
    }

    private let content: Content

    public var advertisement: LinkStateAdvertisement { content.advertisement }
    public var announcement: SignedAnnouncement { content.announcement }
    /// The name in the announcement; nil if it is not valid.
    public var name: Nickname? { content.name }
    /// The process that made the LSA.
    public var process: ProcessTag { content.process }
    /// The bytes on the wire, forwarded unchanged.
    public var bytes: [UInt8] { content.envelope.bytes }
    public var sequence: UInt64 { content.advertisement.sequence }
    /// The processes that it claims to have links with.
    public var links: [ProcessTag] { content.advertisement.links }
    public var peer: PeerID { content.peer }
    public var key: AdvertisementKey { AdvertisementKey(process: process, sequence: sequence) }
    /// Whether its peer is leaving.
    public var isGoodbye: Bool { content.isGoodbye }

    public init(signing advertisement: LinkStateAdvertisement, announcement: SignedAnnouncement, by identity: Identity)
    {
        precondition(announcement.announcement.peer == identity.peerID, "a statement is signed by its own peer")
        precondition(announcement.bytes == advertisement.announcement, "a statement bears its peer's announcement")
        let payload = advertisement.encoded()
        let envelope = Envelope(payload: payload, signature: identity.sign(payload, for: .advertisement))
        content = Content(advertisement, announcement, envelope)
    }

    /// Parses an LSA without checking the signatures: the caller must ``verify(knowing:with:)`` it.
    public init(parsing bytes: [UInt8], with signing: Signing = .ed25519) throws(SignedError) {
        if let shared = signing.work {
            if let known = shared.advertisements[bytes] {
                self = known
                return
            }
            try self.init(reading: bytes, with: signing)
            shared.advertisements[bytes] = self
        } else {
            try self.init(reading: bytes, with: signing)
        }
    }

    private init(reading bytes: [UInt8], with signing: Signing) throws(SignedError) {
        let envelope: Envelope
        let advertisement: LinkStateAdvertisement
        do {
            envelope = try Envelope(parsing: bytes, maximumBytes: Limits.advertisementBytes)
            advertisement = try LinkStateAdvertisement.decode(envelope.payload)
        } catch {
            if case .unsupportedVersion(let theirs, _)? = error as? WireError { throw .anotherVersion(theirs) }
            throw .malformed("\(error)")
        }
        let announcement = try SignedAnnouncement(parsing: advertisement.announcement, with: signing)
        content = Content(advertisement, announcement, envelope)
    }

    /// Checks both signatures.
    /// - Parameter known: An announcement that was verified before; if the LSA contains the same one, it is not checked
    ///   again.
    public func verify(knowing known: SignedAnnouncement? = nil, with signing: Signing = .ed25519) -> Bool {
        if content.isGenuine.load(ordering: .relaxed) { return true }
        let envelope = content.envelope
        guard signing.isValid(envelope.signature, of: envelope.payload, for: .advertisement, by: peer),
            known?.bytes == announcement.bytes || announcement.verify(with: signing)
        else { return false }
        content.isGenuine.store(true, ordering: .relaxed)
        return true
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.content === right.content || left.bytes == right.bytes
    }
}

extension ProcessTag {
    public init(of announcement: Announcement) {
        self.init(peer: announcement.peer, instance: announcement.instance)
    }

    public init(peer: PeerID, instance: UInt64) {
        let words = peer.words
        let input = (
            words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian, instance.bigEndian
        )
        self.init(number: withUnsafeBytes(of: input) { SHA256.words(of: $0) }.0)
    }
}
