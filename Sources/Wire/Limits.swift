/// The limits that the protocol fixes. Those that this implementation chose are in `Bounds`.
public enum Limits {
    /// The protocol's version, in announcements and handshakes.
    public static let version: UInt64 = 1
    /// The UDP port of announcements.
    public static let discoveryPort: UInt16 = 47474
    /// The maximum size of a UDP datagram, which fits any path unfragmented (IPv6's minimum MTU is 1280).
    public static let datagramBytes = 512
    /// The size to which an announcement that is sent by unicast to introduce its sender is padded. No announcement of
    /// this version is longer than 175 bytes, so an answer is always shorter than the introduction.
    public static let introductionBytes = 176
    /// The maximum size of a name.
    public static let nameBytes = 32
    /// The maximum size of a text: one message.
    public static let textBytes = 16 * 1024
    /// The maximum size of a signed entry: a text, eight parents and the fixed fields.
    public static let entryBytes = 17 * 1024
    /// The greatest kind of entry.
    public static let entryKind = UInt64(UInt16.max)
    /// The maximum number of heads that an entry may name as its parents.
    public static let entryParentCount = 8
    /// The maximum size of a frame without its length.
    public static let frameBytes = 60 * 1024
    /// The maximum plaintext of a sealed record that we write; a reader accepts up to 65,519 bytes (Noise §3).
    public static let recordBytes = 16 * 1024
    /// The maximum size of a reconciliation message, which fits a frame together with the fixed fields.
    public static let reconciliationBytes = frameBytes - 1024
    /// The greatest Lamport time. Greater ones are rejected, so that adding one can never overflow.
    public static let lamport: UInt64 = 1 << 53
    /// The greatest wall-clock time, in milliseconds since 1970: the end of the year 9999, so that every time has a
    /// date.
    public static let wallTime: UInt64 = 253_402_300_799_999
    /// The maximum size of an away message.
    public static let awayBytes = 256
    /// The maximum number of introductions in one frame: 44 KiB with the largest announcements and all endpoints.
    public static let frameIntroductionCount = 64
    /// The maximum number of endpoints of one introduction.
    public static let introductionEndpointCount = 8
    /// The maximum number of IDs in one frame: 34 KiB.
    public static let frameIDCount = 1024
    /// The maximum number of entries that one side of a link has requested and not yet received: at worst 80 KiB of
    /// IDs.
    public static let wantedEntryCount = 2048
    /// The maximum number of author names in one frame: 18 KiB.
    public static let frameAuthorCount = 256

    // Big LANs.

    /// The maximum size of a signed link-state advertisement: an announcement, an away message, all links and the fixed
    /// fields.
    public static let advertisementBytes = 2048
    /// The maximum number of links that a link-state advertisement names: 1 KiB.
    public static let advertisementLinkCount = 128
    /// The number of sums in a digest: 512 bytes.
    public static let digestSumCount = 64

    // Relays.

    /// The maximum size of a relay's signed certificate. It fits a handshake message, with room for later fields.
    public static let certificateBytes = 512
    /// The maximum size of a password.
    public static let passwordBytes = 256
    /// The maximum size of a program's name and version.
    public static let programBytes = 64
    /// The maximum size of a topic, a reason, or the target of an act.
    public static let phraseBytes = 512
    /// The maximum size of a message of the day or a notice.
    public static let noticeBytes = 4 * 1024
    /// The maximum number of members in one frame: 40 KiB with the shortest names and no away messages.
    public static let frameMemberCount = 1024
    /// The maximum number of bans in one frame: 43 KiB with the longest values.
    public static let frameBanCount = 32
    /// The maximum number of bytes of a tunnel in one frame.
    public static let tunnelBytes = 32 * 1024
    /// The maximum duration of a ban that is not permanent: a hundred years, in seconds.
    public static let banSeconds: UInt64 = 3_155_760_000
}
