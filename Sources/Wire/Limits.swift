/// What the protocol fixes. What this implementation chose stands in `Chat/Bounds.swift`.
public enum Limits {
    /// The protocol's version, in announcements and handshakes.
    public static let version: UInt64 = 1
    /// The UDP port of announcements.
    public static let discoveryPort: UInt16 = 47474
    /// A UDP datagram: fits any path unfragmented (IPv6's minimum MTU is 1280).
    public static let datagramBytes = 512
    /// An announcement that is sent by unicast to introduce its sender is padded to this. No announcement of this version
    /// is longer than 175 bytes, so an answer is always shorter than what it answers.
    public static let introductionBytes = 176
    /// A name.
    public static let nameBytes = 32
    /// A text: one message.
    public static let textBytes = 16 * 1024
    /// An entry with its signature: a text, eight parents and the fixed fields.
    public static let entryBytes = 17 * 1024
    /// Kinds of entries end here.
    public static let entryKind = UInt64(UInt16.max)
    /// Heads that an entry may name as its parents.
    public static let entryParentCount = 8
    /// A frame without its length.
    public static let frameBytes = 60 * 1024
    /// Plaintext of one sealed record that we write; a reader takes up to 65,519 (Noise §3).
    public static let recordBytes = 16 * 1024
    /// A message of reconciliation: a frame has room for it and its fixed fields.
    public static let reconciliationBytes = frameBytes - 1024
    /// Lamport times above this are refused, so that adding one can never overflow.
    public static let lamport: UInt64 = 1 << 53
    /// Wall-clock times end with the year 9999, so that every one has a date: milliseconds since 1970.
    public static let wallTime: UInt64 = 253_402_300_799_999
    /// Why a peer is away.
    public static let awayBytes = 256
    /// Introductions in one frame; with the largest announcements and all endpoints, 44 KiB.
    public static let frameIntroductionCount = 64
    /// Endpoints of one introduction.
    public static let introductionEndpointCount = 8
    /// IDs in one frame: 34 KiB.
    public static let frameIDCount = 1024
    /// Entries that one side of a link has asked for and not been sent: 80 KiB of IDs at worst.
    public static let wantedEntryCount = 2048
    /// Names of authors in one frame: 18 KiB.
    public static let frameAuthorCount = 256

    // Big LANs.

    /// A statement with its signature: an announcement, a word why, all links and the fixed fields.
    public static let statementBytes = 2048
    /// Links that a statement names: 1 KiB.
    public static let statementLinkCount = 128
    /// Sums of a digest: 512 bytes.
    public static let digestSumCount = 64

    // Relays.

    /// A relay's certificate with its signature: fits a handshake message, with room for later fields.
    public static let certificateBytes = 512
    /// A password.
    public static let passwordBytes = 256
    /// The name of a program and its version.
    public static let programBytes = 64
    /// A topic, a reason, whom an act is about.
    public static let phraseBytes = 512
    /// A message of the day, a notice.
    public static let noticeBytes = 4 * 1024
    /// Members in one frame: with the shortest names and nobody away, 40 KiB.
    public static let frameMemberCount = 1024
    /// Bans in one frame: with the longest of everything, 43 KiB.
    public static let frameBanCount = 32
    /// Bytes of a tunnel in one frame.
    public static let tunnelBytes = 32 * 1024
    /// The longest ban that is not for good: a hundred years, in seconds.
    public static let banSeconds: UInt64 = 3_155_760_000
}
