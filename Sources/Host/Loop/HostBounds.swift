/// The limits of the host: sizes, counts and times, with unit and reason. The limits of the cores are in `Bounds`,
/// those of the protocol in `Limits`.
enum HostBounds {
    // Links.

    /// Unsent bytes that the kernel buffers for a link beyond those in flight: the latest write waits behind them.
    static let unsentBytes: Int32 = 128 << 10
    /// The maximum number of accepted connections; further ones are closed immediately.
    static let acceptedLinks = 2000
    /// The maximum number of these from one address: the rest stays free for other machines.
    static let acceptedLinksPerAddress = 1500
    /// The maximum number of connections accepted in one round of the loop.
    static let acceptsPerRound = 64
    /// The timeout for establishing a connection.
    static let connectTime: Duration = .seconds(10)
    /// The time that a closed link has to send its queue.
    static let lingerTime: Duration = .seconds(1)
    /// The time that all links have, when the process exits, to send their queues and be closed by the other sides. A
    /// configuration may grant more time for sending, but not for the closing.
    static let finishTime: Duration = .milliseconds(300)
    /// The time that sent bytes may stay unacknowledged, in milliseconds: a pulled cable is detected before 10 s.
    static let unacknowledgedMilliseconds: Int32 = 8000
    /// The silence of a guest after which TCP keep-alive probes its machine, in seconds.
    static let silentGuestSeconds: Int32 = 60
    /// The pause after the process has run out of descriptors.
    static let acceptPause: Duration = .milliseconds(100)

    // The metrics page.

    /// The maximum number of open requests; a new one evicts the oldest.
    static let pageConnections = 16
    /// The maximum duration of a request, from the connection to its end.
    static let pageTime: Duration = .seconds(5)

    /// The number of status requests answered in one round of the loop, and the maximum size of an answer.
    static let statusConnections = 8
    static let statusBytes = 128 * 1024

    // The loop.

    /// The maximum number of events handled in one round.
    static let eventsPerRound = 256
    /// The maximum number of datagrams read from one socket in one round.
    static let datagramsPerRound = 64
    /// The maximum number of bytes read from one link, or from standard input, in one round.
    static let readBytes = 64 * 1024
    /// The maximum number of bytes queued for a standard output that is not being read; beyond it the process quits.
    static let standardOutputBytes = 16 << 20
    /// The time that the last output has to be read when the process exits.
    static let standardOutputTime: Duration = .seconds(1)

    /// The interval between attempts to commit to an archive that has failed.
    static let archiveRetryTime: Duration = .seconds(1)
    /// The maximum number of commands that wait meanwhile.
    static let heldCommandCount = 1000
    /// The pause between rounds while the archive has work of its own, such as building an index.
    static let archivePause: Duration = .milliseconds(20)
    /// The time that committed data may be in SQLite's write-ahead log only, before a checkpoint moves it to the
    /// archive's file.
    static let checkpointTime: Duration = .seconds(60)

    // Interfaces.

    /// Changes of interfaces arrive in bursts: the time over which they are collected.
    static let interfaceSettleTime: Duration = .milliseconds(100)
    /// The interval at which interfaces are listed without a notification of a change, and dead sockets are reopened.
    static let interfaceInterval: Duration = .seconds(2)
    /// The maximum number of neighbours that are remembered as reported: 4,096 × about 40 bytes.
    static let neighbourCount = 4_096
    /// The time that a change waits for the hardware address of a router, and the interval at which the kernel is asked
    /// for it.
    static let routerTime: Duration = .seconds(1)
    static let routerInterval: Duration = .milliseconds(50)
    /// A clock jump beyond which the machine must have slept.
    static let unexplainedTime: Duration = .seconds(1)
    /// A delay beyond the requested wait after which the process must have been stopped. More than a loaded machine
    /// explains.
    static let oversleptTime: Duration = .seconds(4)

    // The examination of the machine (`earshot doctor`): 12 s in total.

    /// The time spent listening to the group; two beacons of one peer are at most 3 s apart.
    static let listeningTime: Duration = .seconds(5)
    /// The time spent listening if a peer is linked or answers but has not been heard: three more chances against
    /// packet loss.
    static let patientListeningTime: Duration = .seconds(9)
    /// The time after which the remaining checks are abandoned.
    static let examinationTime: Duration = .milliseconds(10_500)
    /// Our own datagram returns within microseconds; after this time it is sent once more.
    static let probeInterval: Duration = .milliseconds(400)
    /// The maximum number of datagrams of an examination without a sweep.
    static let probeDatagramCount = 10
    /// The timeout for looking up a name.
    static let lookupTime: Duration = .seconds(4)
    /// The timeout for connecting a call: longer than the 3 s after which the kernel gives up on a neighbour.
    static let callTime: Duration = .milliseconds(4_500)
    static let callHandshakeTime: Duration = .seconds(2)
    /// A peer sends its name immediately; a relay sends nothing.
    static let callHelloTime: Duration = .seconds(1)
    /// The maximum number of addresses of one host that are called.
    static let calledAddressCount = 4
    /// The maximum number of peers that are counted.
    static let heardPeerCount = 1_000
    /// The maximum number of announcements whose signature is verified: 0.2 s of processor time.
    static let checkedAnnouncementCount = 2_000
    /// The introductions of a sweep per second.
    static let sweepRate = 200
}
