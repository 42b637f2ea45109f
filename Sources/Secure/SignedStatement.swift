public import Wire

/// A statement as its peer signed it, with the announcement in it read.
public struct SignedStatement: Equatable, Sendable {
    public let statement: Statement
    public let announcement: SignedAnnouncement
    /// The process that says it.
    public let process: ProcessTag
    /// As on the wire; handed on as they are.
    public var bytes: [UInt8] { envelope.bytes }
    public var peer: PeerID { announcement.announcement.peer }
    public var key: StatementKey { StatementKey(process: process, sequence: statement.sequence) }
    private let envelope: Envelope

    public init(signing statement: Statement, announcement: SignedAnnouncement, by identity: Identity) {
        precondition(announcement.announcement.peer == identity.peerID, "a statement is signed by its own peer")
        precondition(announcement.bytes == statement.announcement, "a statement bears its peer's announcement")
        let payload = statement.encoded()
        self.statement = statement
        self.announcement = announcement
        process = ProcessTag(of: announcement.announcement)
        envelope = Envelope(payload: payload, signature: identity.sign(payload, for: .statement))
    }

    /// Reads it without looking at the signatures: whoever uses it must ``verify(knowing:)``.
    public init(parsing bytes: [UInt8]) throws(SignedError) {
        do {
            envelope = try Envelope(parsing: bytes, maximumBytes: Limits.statementBytes)
            statement = try Statement.decode(envelope.payload)
        } catch {
            throw .malformed("\(error)")
        }
        announcement = try SignedAnnouncement(parsing: statement.announcement)
        process = ProcessTag(of: announcement.announcement)
    }

    /// Checks both signatures.
    /// - Parameter known: an announcement that was verified before; if this bears the same it is not checked again.
    public func verify(knowing known: SignedAnnouncement? = nil) -> Bool {
        guard Signature.isValid(envelope.signature, of: envelope.payload, for: .statement, by: peer) else {
            return false
        }
        return known?.bytes == announcement.bytes || announcement.verify()
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
