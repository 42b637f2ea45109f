import Synchronization
public import Wire

/// A statement as its peer signed it, with the announcement in it read. A reference to what never changes: many tables
/// hold the same.
public struct SignedStatement: Equatable, Sendable {
    private final class Content: Sendable {
        let statement: Statement
        let announcement: SignedAnnouncement
        let name: Nickname?
        let process: ProcessTag
        let peer: PeerID
        let isGoodbye: Bool
        let envelope: Envelope
        /// What was genuine once is so for ever.
        let isGenuine = Atomic(false)

        init(_ statement: Statement, _ announcement: SignedAnnouncement, _ envelope: Envelope) {
            self.statement = statement
            self.announcement = announcement
            self.envelope = envelope
            name = try? Nickname(announcement.announcement.name)
            process = ProcessTag(of: announcement.announcement)
            peer = announcement.announcement.peer
            isGoodbye = announcement.announcement.kind == .goodbye
        }
    }

    private let content: Content

    public var statement: Statement { content.statement }
    public var announcement: SignedAnnouncement { content.announcement }
    /// The name in the announcement; nil if it is none.
    public var name: Nickname? { content.name }
    /// The process that says it.
    public var process: ProcessTag { content.process }
    /// As on the wire; handed on as they are.
    public var bytes: [UInt8] { content.envelope.bytes }
    public var sequence: UInt64 { content.statement.sequence }
    /// The processes that it says it has links with.
    public var links: [ProcessTag] { content.statement.links }
    public var peer: PeerID { content.peer }
    public var key: StatementKey { StatementKey(process: process, sequence: sequence) }
    /// Whether its peer leaves.
    public var isGoodbye: Bool { content.isGoodbye }

    public init(signing statement: Statement, announcement: SignedAnnouncement, by identity: Identity) {
        precondition(announcement.announcement.peer == identity.peerID, "a statement is signed by its own peer")
        precondition(announcement.bytes == statement.announcement, "a statement bears its peer's announcement")
        let payload = statement.encoded()
        let envelope = Envelope(payload: payload, signature: identity.sign(payload, for: .statement))
        content = Content(statement, announcement, envelope)
    }

    /// Reads it without looking at the signatures: the caller must ``verify(knowing:with:)`` it.
    public init(parsing bytes: [UInt8], with signing: Signing = .ed25519) throws(SignedError) {
        if let shared = signing.work {
            if let known = shared.statements[bytes] {
                self = known
                return
            }
            try self.init(reading: bytes, with: signing)
            shared.statements[bytes] = self
        } else {
            try self.init(reading: bytes, with: signing)
        }
    }

    private init(reading bytes: [UInt8], with signing: Signing) throws(SignedError) {
        let envelope: Envelope
        let statement: Statement
        do {
            envelope = try Envelope(parsing: bytes, maximumBytes: Limits.statementBytes)
            statement = try Statement.decode(envelope.payload)
        } catch {
            if case .unsupportedVersion(let theirs, _)? = error as? WireError { throw .anotherVersion(theirs) }
            throw .malformed("\(error)")
        }
        let announcement = try SignedAnnouncement(parsing: statement.announcement, with: signing)
        content = Content(statement, announcement, envelope)
    }

    /// Checks both signatures.
    /// - Parameter known: an announcement that was verified before; if this bears the same it is not checked again.
    public func verify(knowing known: SignedAnnouncement? = nil, with signing: Signing = .ed25519) -> Bool {
        if content.isGenuine.load(ordering: .relaxed) { return true }
        let envelope = content.envelope
        guard signing.isValid(envelope.signature, of: envelope.payload, for: .statement, by: peer),
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
