public import CoreModel

extension Bounds {
    // Links.

    /// Bytes queued for one link that its peer has not read; beyond it the link is cut. What is asked for waits as IDs,
    /// so this is what is said while a peer reads nothing: hours of a lively lobby. The same for all tunnels together, of
    /// which the longest is closed.
    static let linkQueueBytes = 4 * 1024 * 1024
    /// Links that have not yet proved who they are. When full, the oldest of the address with the most of them gives
    /// way, so silent connections never keep an honest peer out. Worst case 256 × 64 KiB of half a record = 16 MiB.
    public static let unauthenticatedLinkCount = 256
    /// Links in all: a LAN of a thousand peers with room for the moment when one link replaces another.
    public static let linkCount = 2_000
    /// Established links with one peer: two while links cross, two more while old ones are half-open. A peer that keeps
    /// opening others loses its oldest, so that it cannot fill the table.
    static let linksPerPeer = 4
    /// How long our own connection attempt may take: a LAN answers in milliseconds, a stale address never.
    static let connectTime = Duration.seconds(3)
    /// Silence after which we ask whether the other side is there.
    static let silenceBeforePing = Duration.seconds(3)
    /// Silence after which a link is dead: room for one lost ping and its retransmission, and still under the 10 s in
    /// which a pulled cable must be seen.
    static let silenceBeforeDeath = Duration.seconds(8)
    /// The same after our own interfaces changed or the machine slept: the link is probably dead already.
    static let silenceAfterChange = Duration.seconds(2)

    // People.

    /// How long a peer whose link broke may take to come back before "left" is said.
    static let leaveGrace = Duration.seconds(1)
    /// How long a newcomer whose name clashes may take to settle before "joined" is said all the same.
    static let joinGrace = Duration.seconds(2)
    /// Names of one relay by which its place is remembered; one that takes others has no place by them.
    static let relayNameCount = 8

    // Rooms.

    /// How often news is passed on to a few others, for peers that have no link with its author.
    static let rumourInterval = Duration.milliseconds(300)
    /// How many others each time.
    static let rumourFanout = 2
    /// Entries in one rumour; more is left to reconciliation.
    static let rumourCount = 256
    /// Mean time between reconciliations with a link chosen at random.
    static let reconciliationInterval = Duration.seconds(30)
    /// Unasked entries of one link: a steady rate, in entries a second. What is above it is dropped and comes later by
    /// reconciliation, at the receiver's own pace. Verifying takes 55 µs, so one link can cost a tenth of a core.
    static let unaskedEntryRate = 2_000.0
    /// Unasked entries of one link at once.
    static let unaskedEntryBurst = 10_000.0
    /// How long nothing more of what was said before must come, so that it is shown to a person, and how long it may be
    /// held at most.
    static let backlogQuietTime = Duration.milliseconds(300)
    static let backlogTime = Duration.seconds(3)
    /// Lines about what others do wrong on their links, at once and a second.
    static let warningBurst = 5.0
    static let warningRate = 1.0 / 60
    /// How soon a person is told that lines came too fast to be shown, and how long until the next time.
    static let surplusDelay = Duration.seconds(1)
    static let surplusInterval = Duration.seconds(10)
    /// How soon after a private message was shown this is noted; who dies before shows it again at the next start.
    static let seenDelay = Duration.milliseconds(20)
    /// How often it is kept where we are, so that a crash forgets at most this much of the 12 h (DESIGN §5).
    public static let locationInterval = Duration.seconds(600)
    /// How long a peer that has lost all its networks meets no gathering: DHCP brings the next one within seconds.
    static let offlineTime = Duration.seconds(10)
    /// How often our log goes over to a lower gathering: ten thousand entries are moved in a tenth of a second, and
    /// honest peers settle on one after a few.
    static let gatheringInterval = Duration.seconds(5)
    static let gatheringBurst = 12.0
    /// The same, in moves a second.
    static let gatheringRate = 0.2
    static let retentionStepInterval = Duration.seconds(1)
    /// Entries of one room beyond what is kept, until the oldest are let go of at once: at worst 17 MiB of the disk.
    static let retentionSlack = 1_000
    /// Keys that this person has never written to of which something is kept: each has a log of its own.
    static let unaskedKeyCount = 1_000

    // Commands.

    /// Commands that wait for our name to be settled.
    static let deferredCommandCount = 1_000
    /// How long to wait for receipts when standard input has ended (DESIGN §6).
    static let receiptTimeout = Duration.seconds(2)
    /// Words that are looked for at once: each is a walk over an index.
    static let searchWordCount = 200
    /// The most lines that `/history` and `/search` answer with.
    static let historyLineCount = 1_000
    /// Lines with the words that `/search` looks at, where many are by people who are blocked.
    static let searchedLineCount = 10_000

    // Relays.

    /// Silence of a relay before we ask whether it is there: a relay with thousands of members should not be asked by
    /// each every three seconds.
    static let relaySilenceBeforePing = Duration.seconds(10)
    /// Silence after which a relay is given up and dialled again.
    static let relaySilenceBeforeDeath = Duration.seconds(20)
    /// How long a connection to a relay may take: it may be on the other side of the world.
    static let relayConnectTime = Duration.seconds(10)
    /// How long a private message through a relay waits for its receipt before it is offered again. A tunnel may be
    /// dead without a word: the other side's link with the relay was replaced, and only use shows it.
    static let redeliveryInterval = Duration.seconds(10)
    /// When a relay is tried again whose certificate has expired, or is not valid yet.
    static let certificateRetryPause = Duration.seconds(300)
    /// What was said before a relay's key was known.
    static let queuedTextCount = 1_000
}
