public import Wire

/// The reason why signed bytes are rejected.
public enum SignedError: Error, Equatable, Sendable {
    case malformed(String)
    case wrongSignature(PeerID)
    /// The message is of this version of the protocol; nothing else was checked.
    case anotherVersion(UInt64)
}

/// An announcement as its peer signed it. It is a reference to immutable content, which many tables share.
public struct SignedAnnouncement: Equatable, Sendable {
    private final class Content: Sendable {
        let announcement: Announcement
        let envelope: Envelope

        init(_ announcement: Announcement, _ envelope: Envelope) {
            self.announcement = announcement
            self.envelope = envelope
        }
    }

    private let content: Content

    public var announcement: Announcement { content.announcement }
    /// The bytes on the wire, forwarded unchanged.
    public var bytes: [UInt8] { content.envelope.bytes }

    public init(signing announcement: Announcement, by identity: Identity) {
        precondition(announcement.peer == identity.peerID, "an announcement is signed by its own peer")
        let payload = announcement.encoded()
        let envelope = Envelope(payload: payload, signature: identity.sign(payload, for: .announcement))
        content = Content(announcement, envelope)
    }

    /// Parses an announcement without checking the signature: the caller must ``verify(with:)`` it.
    /// - Parameter signing: Only its shared work is used, as a cache.
    public init(parsing bytes: [UInt8], with signing: Signing = .ed25519) throws(SignedError) {
        if let shared = signing.work {
            if let known = shared.announcements[bytes] {
                self = known
                return
            }
            try self.init(reading: bytes)
            shared.announcements[bytes] = self
        } else {
            try self.init(reading: bytes)
        }
    }

    /// Parses an announcement that may be followed by padding, as those sent by unicast are, without checking the
    /// signature.
    public init(parsingPadded bytes: [UInt8], with signing: Signing = .ed25519) throws(SignedError) {
        try self.init(parsing: Envelope.prefix(of: bytes), with: signing)
    }

    /// The bytes to send as an introduction: padded with zeros to ``Limits/introductionBytes``.
    public var padded: [UInt8] {
        bytes + [UInt8](repeating: 0, count: max(0, Limits.introductionBytes - bytes.count))
    }

    private init(reading bytes: [UInt8]) throws(SignedError) {
        do {
            let envelope = try Envelope(parsing: bytes, maximumBytes: Limits.datagramBytes)
            content = Content(try Announcement.decode(envelope.payload), envelope)
        } catch {
            if case .unsupportedVersion(let theirs, _)? = error as? WireError { throw .anotherVersion(theirs) }
            throw .malformed("\(error)")
        }
    }

    public init(verifying bytes: [UInt8], with signing: Signing = .ed25519) throws(SignedError) {
        try self.init(parsing: bytes, with: signing)
        guard verify(with: signing) else { throw .wrongSignature(announcement.peer) }
    }

    public func verify(with signing: Signing = .ed25519) -> Bool {
        let envelope = content.envelope
        return signing.isValid(
            envelope.signature, of: envelope.payload, for: .announcement, by: announcement.peer)
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.content === right.content || left.bytes == right.bytes
    }
}

/// An entry as its author signed it.
public struct SignedEntry: Equatable, Sendable {
    public let entry: Entry
    public let id: EntryID
    /// The bytes on the wire, stored and forwarded unchanged.
    public var bytes: [UInt8] { envelope.bytes }
    public var key: EntryKey { EntryKey(lamport: entry.lamport, id: id) }
    private let envelope: Envelope

    public init(signing entry: Entry, by identity: Identity) {
        precondition(entry.author == identity.peerID, "an entry is signed by its own author")
        let payload = entry.encoded()
        self.entry = entry
        envelope = Envelope(payload: payload, signature: identity.sign(payload, for: .entry))
        id = EntryID(of: envelope.bytes)
    }

    /// Parses an entry without checking the signature: the caller must ``verify(with:)`` it.
    public init(parsing bytes: [UInt8]) throws(SignedError) {
        do {
            envelope = try Envelope(parsing: bytes, maximumBytes: Limits.entryBytes)
            entry = try Entry.decode(envelope.payload)
        } catch {
            throw .malformed("\(error)")
        }
        id = EntryID(of: bytes)
    }

    public init(verifying bytes: [UInt8], with signing: Signing = .ed25519) throws(SignedError) {
        try self.init(parsing: bytes)
        guard verify(with: signing) else { throw .wrongSignature(entry.author) }
    }

    /// Parses an entry from our own archive, which contains only verified entries.
    public init(trusted bytes: [UInt8]) throws(SignedError) {
        try self.init(parsing: bytes)
    }

    public func verify(with signing: Signing = .ed25519) -> Bool {
        signing.isValid(envelope.signature, of: envelope.payload, for: .entry, by: entry.author)
    }
}
