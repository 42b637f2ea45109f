public import CoreModel

extension Bounds {
    // Links.

    /// The maximum number of bytes queued for one link that its peer has not read; beyond it the link is cut. Requested
    /// entries wait as IDs, so this counts only messages sent while a peer reads nothing: hours of a lively lobby. All
    /// tunnels together have the same limit; beyond it the tunnel with the longest queue is closed.
    static let linkQueueBytes = 4 * 1024 * 1024
    /// The maximum number of unauthenticated links. When full, the oldest link of the address that has the most of them
    /// is evicted, so silent connections never keep an honest peer out. Worst case 256 × 64 KiB of half a record = 16
    /// MiB.
    public static let unauthenticatedLinkCount = 256
    /// The maximum number of links: enough for a LAN of a thousand peers while one link replaces another.
    public static let linkCount = 2_000
    /// The maximum number of established links with one peer: two while links cross, two more while old ones are
    /// half-open. A peer that keeps opening links loses its oldest, so it cannot fill the table.
    static let linksPerPeer = 4
    /// The time that an outgoing connection attempt may take: a LAN answers in milliseconds, a stale address never
    /// does.
    static let connectTime = Duration.seconds(3)
    /// The time without received bytes after which we ping the peer.
    static let silenceBeforePing = Duration.seconds(3)
    /// The time without received bytes after which a link counts as dead: room for one lost ping and its
    /// retransmission, and still below the 10 s within which a pulled cable must be noticed.
    static let silenceBeforeDeath = Duration.seconds(8)
    /// The time without received bytes after which a link counts as dead if our own interfaces changed or the machine
    /// slept: it probably is dead already.
    static let silenceAfterChange = Duration.seconds(2)

    // People.

    /// The time that a peer whose link broke has to reconnect before "left" is reported.
    static let leaveGrace = Duration.seconds(1)
    /// The time that a newcomer with a clashing name has to settle on another before "joined" is reported anyway.
    static let joinGrace = Duration.seconds(2)
    /// The maximum number of names of one relay under which its address is stored. Later names of the relay are not stored.
    static let relayNameCount = 8

    // Rooms.

    /// The interval at which new entries are gossiped to a few peers, for those that have no link with the author.
    static let entryGossipInterval = Duration.milliseconds(300)
    /// The number of peers that each round of gossip goes to.
    static let entryGossipFanout = 2
    /// The maximum number of entries in one round of gossip; the rest is left to reconciliation.
    static let entryGossipCount = 256
    /// The mean time between reconciliations, each on a link chosen at random.
    static let reconciliationInterval = Duration.seconds(30)
    /// The steady rate of unrequested entries accepted from one link, in entries per second. Entries above it are
    /// dropped and arrive later by reconciliation, at the receiver's own pace. Verifying one takes 55 µs, so one link
    /// costs at most about a tenth of a core.
    static let unrequestedEntryRate = 2_000.0
    /// The burst of unrequested entries accepted from one link.
    static let unrequestedEntryBurst = 10_000.0
    /// The time without further late entries after which a backlog is shown.
    static let backlogQuietTime = Duration.milliseconds(300)
    /// The maximum time that a backlog is held.
    static let backlogTime = Duration.seconds(3)
    /// The burst of warnings about misbehaving peers.
    static let warningBurst = 5.0
    /// The steady rate of those warnings, per second.
    static let warningRate = 1.0 / 60
    /// The delay before the user is notified of lines that arrived too fast to be shown.
    static let suppressedLinesDelay = Duration.seconds(1)
    /// The minimum time between two such notices.
    static let suppressedLinesInterval = Duration.seconds(10)
    /// The delay after which a private message that was shown is recorded as shown. If the process dies within it, the
    /// message is shown again at the next start.
    static let seenDelay = Duration.milliseconds(20)
    /// The interval at which our network location is stored, so that a crash loses at most this much of the 12 h
    /// within which a gathering is resumed (Protocol.md, Gatherings).
    public static let locationInterval = Duration.seconds(600)
    /// The time for which a peer that has lost all its networks joins no other gathering: DHCP brings the next network
    /// within seconds.
    static let offlineTime = Duration.seconds(10)
    /// The delay before the next attempt to move our log to a lower gathering, when too many moves were made. Moving
    /// ten thousand entries takes a tenth of a second, and honest peers settle on one gathering after a few moves.
    static let gatheringInterval = Duration.seconds(5)
    /// The burst of moves to lower gatherings.
    static let gatheringBurst = 12.0
    /// The steady rate of moves to lower gatherings, per second.
    static let gatheringRate = 0.2
    /// The time until the next pruning step while more may remain to be pruned.
    static let retentionStepInterval = Duration.seconds(1)
    /// The maximum number of entries of one room above its retention limit; beyond it the oldest are pruned
    /// immediately. Worst case 17 MiB of disk.
    static let retentionSlack = 1_000
    /// The maximum number of keys with stored messages that the user has never written to: each has a log of its own.
    static let unsolicitedKeyCount = 1_000

    // Commands.

    /// The maximum number of commands that wait for our name to be settled.
    static let deferredCommandCount = 1_000
    /// The time to wait for receipts after standard input has ended.
    static let receiptTimeout = Duration.seconds(2)
    /// The maximum number of words in one search: each costs one walk over an index.
    static let searchWordCount = 200
    /// The maximum number of lines that `/history` and `/search` return.
    static let historyLineCount = 1_000
    /// The maximum number of matching lines that `/search` examines, where many are by blocked authors.
    static let searchedLineCount = 10_000

    // Relays.

    /// The time without received bytes after which we ping a relay: a relay with thousands of members should not be
    /// pinged by each of them every three seconds.
    static let relaySilenceBeforePing = Duration.seconds(10)
    /// The time without received bytes after which the link with a relay is closed and the relay dialled again.
    static let relaySilenceBeforeDeath = Duration.seconds(20)
    /// The time that a connection attempt to a relay may take: it may be on the other side of the world.
    static let relayConnectTime = Duration.seconds(10)
    /// The time that a private message through a relay waits for its receipt before it is offered again. A tunnel may
    /// be dead without notice: the other side's link with the relay was replaced, and only use of the tunnel shows it.
    static let redeliveryInterval = Duration.seconds(10)
    /// The delay before a relay whose certificate has expired, or is not valid yet, is dialled again.
    static let certificateRetryPause = Duration.seconds(300)
    /// The maximum number of texts queued before a relay's key is known.
    static let queuedTextCount = 1_000
}
