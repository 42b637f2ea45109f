import Wire

/// What this implementation chose, with the reason and the worst case. What the protocol fixes stands in
/// `Wire/Limits.swift`.
public enum Bounds {
    // Links.

    /// Bytes queued for one link that its peer has not read; beyond it the link is cut. What is asked for waits as IDs,
    /// so this is what is said while a peer reads nothing: hours of a lively lobby. The same for all tunnels together, of
    /// which the longest is closed.
    static let linkQueueBytes = 4 * 1024 * 1024
    /// Bytes of one link that are with the host and not known to be with the system: one frame of the greatest size. With
    /// what the system holds back (128 KiB) this is what a line waits for behind an answer of any length: 2 ms at
    /// 1 Gbit/s.
    static let outstandingBytes = 64 * 1024
    /// Links that have not yet proved who they are. When full, the oldest of the address with the most of them gives
    /// way, so silent connections never keep an honest peer out. Worst case 256 × 64 KiB of half a record = 16 MiB.
    public static let strangerCount = 256
    /// Links in all: a LAN of a thousand peers with room for the moment when one link replaces another.
    public static let linkCount = 2_000
    /// Established links with one peer: two while links cross, two more while old ones are half-open. A peer that keeps
    /// opening others loses its oldest, so that it cannot fill the table.
    static let linksPerPeer = 4
    /// How long our own connection attempt may take: a LAN answers in milliseconds, a stale address never.
    static let connectTime = Duration.seconds(3)
    /// From the connection to the first frame: a peer that says nothing or trickles bytes is cut then.
    static let handshakeTime = Duration.seconds(10)
    /// Silence after which we ask whether the other side is there.
    static let silenceBeforePing = Duration.seconds(3)
    /// Silence after which a link is dead: room for one lost ping and its retransmission, and still under the 10 s in
    /// which a pulled cable must be seen.
    static let silenceBeforeDeath = Duration.seconds(8)
    /// The same after our own interfaces changed or the machine slept: the link is probably dead already.
    static let silenceAfterChange = Duration.seconds(2)

    /// Present peers up to which everybody has a link with everybody: 24 pings and pongs a second each, and 100 ms of
    /// handshakes to join.
    public static let fullMeshCount = 48

    // People.

    /// How long a peer whose link broke may take to come back before "left" is said.
    static let leaveGrace = Duration.seconds(1)
    /// How long a newcomer whose name clashes may take to settle before "joined" is said all the same.
    static let joinGrace = Duration.seconds(2)
    /// Peers remembered by name from earlier: 10,000 × about 350 bytes, 200 of them for finding names that look alike.
    /// When there are more, some give way: first those that were met in passing, longest ago.
    static let knownPeerCount = 10_000
    /// Names that others told of keys that were never met: 4,096 × about 150 bytes = 600 KiB.
    static let reportedNameCount = 4096
    /// How many give way at once.
    static let forgottenPeerCount = 1_000
    /// Who was met over less than this was met in passing, as all throwaway keys are.
    static let passingTime = Duration.seconds(24 * 3600)
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
    /// Entries asked for and not yet received, of one link: far fewer than may be, for programs that answer all at once.
    static let requestedEntryCount = 192
    /// Bytes of their answers, as far as they are known: a quarter of what relays of before this bound queued for one
    /// link, and what keeps 100 Mbit/s busy over 20 ms.
    static let requestedBytes = 256 * 1024
    /// After this long without one of them, others are asked for.
    static let requestTime = Duration.seconds(2)
    /// The same, with those that were given up: half of what may be open, because what was forgotten may be open too.
    static let openRequestCount = Limits.wantedEntryCount / 2
    /// Entries that a peer said it has and that we have still to ask it for: 16,384 × 32 bytes = 512 KiB a link.
    static let plannedEntryCount = 16_384

    /// How long nothing more of what was said before must come, so that it is shown to a person, and how long it may be
    /// held at most.
    static let backlogQuietTime = Duration.milliseconds(300)
    static let backlogTime = Duration.seconds(3)
    /// Lines of one author that a person is shown at once, and a second from then on: those of a member that a relay
    /// takes, unless it is configured otherwise.
    static let messageBurst = 100
    static let messageRate = 20.0
    /// Changes of one peer's name and away text that are told at once, and a second from then on.
    static let changeBurst = 10.0
    static let changeRate = 1.0
    /// Lines about what others do wrong on their links, at once and a second.
    static let warningBurst = 5.0
    static let warningRate = 1.0 / 60
    /// How soon a person is told that lines came too fast to be shown, and how long until the next time.
    static let surplusDelay = Duration.seconds(1)
    static let surplusInterval = Duration.seconds(10)
    /// How soon after a private message was shown this is noted; who dies before shows it again at the next start.
    static let seenDelay = Duration.milliseconds(20)
    /// How often it is kept where we are, so that a crash forgets at most this much of the 12 h (DESIGN §5).
    public static let whereaboutsInterval = Duration.seconds(600)
    /// How long a peer that has lost all its networks meets no gathering: DHCP brings the next one within seconds.
    static let adriftTime = Duration.seconds(10)
    /// How often our log goes over to a lower gathering: ten thousand entries are moved in a tenth of a second, and
    /// honest peers settle on one after a few.
    static let gatheringInterval = Duration.seconds(5)
    static let gatheringBurst = 12.0
    /// The same, in moves a second.
    static let gatheringRate = 0.2
    /// How often old entries are let go of, and how soon again if there may be more.
    static let retentionInterval = Duration.seconds(600)
    static let retentionStepInterval = Duration.seconds(1)
    /// Entries of one room beyond what is kept, until the oldest are let go of at once: at worst 17 MiB of the disk.
    static let retentionSlack = 1_000

    /// Keys that this person has never written to of which something is kept: each has a log of its own.
    static let unaskedKeyCount = 1_000
    /// After so many bytes it is looked at how much is kept in all. Fewer than what is dropped in one step of entries
    /// of any size.
    static let keptCheckBytes = 256 << 10
    /// Entries that are dropped at most in one step to make room for others.
    static let droppedCount = 1_000

    // Commands.

    /// Commands that wait for our name to be settled.
    static let deferredCommandCount = 1_000
    /// How long to wait for receipts when standard input has ended (DESIGN §6).
    static let receiptPatience = Duration.seconds(2)
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
    static let debtInterval = Duration.seconds(10)
    /// How wrong the clock of a machine may be that looks at a certificate: a member allows for it, and a certificate for a
    /// relay, which does not, begins so much earlier.
    public static let certificateToleranceMilliseconds: UInt64 = 3_600_000
    /// When a relay is tried again whose certificate has expired, or is not valid yet.
    static let certificateRetryPause = Duration.seconds(300)
    /// A relay points out daily that its certificate ends, from so many days before.
    static let certificateWarningDays: UInt64 = 30
    static let certificateInterval = Duration.seconds(86_400)
    /// What was said before a relay's key was known.
    static let unsaidCount = 1_000
    /// Silence after which a relay gives a member up. Members that follow Protocol.md ping long before.
    static let relaySilence = Duration.seconds(30)
    /// How often a relay looks after its links: a walk over 5,000 of them takes less than a millisecond.
    static let relayCareInterval = Duration.seconds(1)
    /// Entries that a relay has asked a member for and that have not come.
    static let relayRequestCount = 64
    /// Entries that a member said it has and that the relay has still to ask for: 32 KiB a member.
    static let relayPlannedCount = 1_024
    /// Keys that a relay remembers to have been members: 100,000 × about 150 bytes. The oldest give way.
    static let relayAuthorCount = 100_000
    /// Bytes of tunnels that a relay queues for one member, because what is said in the lobby waits behind them: 0.1 s at
    /// 10 Mbit/s. With what is passed on every ``paceInterval`` it is far more than the rate of a tunnel.
    static let relayTunnelQueueBytes = 128 * 1024
    /// How often what waits for its time is looked at.
    static let paceInterval = Duration.milliseconds(50)
}
