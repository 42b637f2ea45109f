/// What the host chose: sizes, counts and times, with unit and reason. What the cores chose stands in
/// `Chat/Bounds.swift`, what the protocol fixes in `Wire/Limits.swift`.
enum HostBounds {
    // Links.

    /// Bytes that the system holds back for a link beyond what is under way: what is written last waits behind these.
    static let unsentBytes: Int32 = 128 << 10
    /// Connections that were accepted and stand; later ones are closed at once.
    static let acceptedLinks = 2000
    /// Of those, from one address: the rest stays free for other machines.
    static let acceptedLinksPerAddress = 1500
    /// Connections accepted in one round of the loop.
    static let acceptsPerRound = 64
    /// How long a connection may take to stand.
    static let connectTime: Duration = .seconds(10)
    /// How long a closed link may take to hand over what is queued.
    static let lingerTime: Duration = .seconds(1)
    /// The same, for all links, when the process ends. Hosts may be given longer to hand over; not for the rest.
    static let finishTime: Duration = .milliseconds(300)
    /// How long sent bytes may stay unacknowledged, in milliseconds: a pulled cable is seen before 10 s.
    static let unacknowledgedMilliseconds: Int32 = 8000
    /// Silence of a guest after which its machine is asked whether it is there, in seconds.
    static let silentGuestSeconds: Int32 = 60
    /// Rest after the process has run out of descriptors.
    static let acceptPause: Duration = .milliseconds(100)

    // The page for collectors of metrics.

    /// Visits at once; when full, the oldest gives way.
    static let pageVisits = 16
    /// How long one may take, from the connection to its end.
    static let pageTime: Duration = .seconds(5)

    /// Askers of the status in one round of the loop, and the bytes that each gets.
    static let statusVisits = 8
    static let statusBytes = 128 * 1024

    // The loop.

    /// Descriptors looked at in one round.
    static let eventsPerRound = 256
    /// Datagrams taken from one socket in one round.
    static let datagramsPerRound = 64
    /// Bytes taken from one link, or from standard input, in one round.
    static let readBytes = 64 * 1024
    /// Bytes that may wait for a standard output that nobody reads; past this the process quits.
    static let standardOutputBytes = 16 << 20
    /// How long the last output may take to be read when the process ends.
    static let standardOutputTime: Duration = .seconds(1)

    /// How often an archive that could not keep a round is asked again.
    static let archiveRetryTime: Duration = .seconds(1)
    /// Commands that wait meanwhile.
    static let heldCommandCount = 1000
    /// Rest between rounds of an archive that has work of its own, such as an index to make.
    static let archivePause: Duration = .milliseconds(20)
    /// How long what was kept may be missing from the archive's file, being in SQLite's log beside it.
    static let checkpointTime: Duration = .seconds(60)

    // Interfaces.

    /// Changes of interfaces come in flocks: how long to gather them.
    static let interfaceSettleTime: Duration = .milliseconds(100)
    /// How often interfaces are looked at without having been told of a change, and sockets that died are reopened.
    static let interfaceInterval: Duration = .seconds(2)
    /// Neighbours that are remembered to have been told of: 4,096 × about 40 bytes.
    static let neighbourCount = 4_096
    /// How long a change waits for the hardware address of a router, and how often the kernel is asked for it.
    static let routerTime: Duration = .seconds(1)
    static let routerInterval: Duration = .milliseconds(50)
    /// A clock that jumped by more than this: the machine slept.
    static let unexplainedTime: Duration = .seconds(1)
    /// A wait that took this much longer than asked: the process was stopped. More than a loaded machine explains.
    static let oversleptTime: Duration = .seconds(4)

    // Examination of the machine (`earshot doctor`): all of it in 12 s.

    /// How long the group is listened to; two beacons of one peer are 3 s apart at most.
    static let listeningTime: Duration = .seconds(5)
    /// The same where somebody is linked, or answers, and is not heard: three more chances against a loss.
    static let patientListeningTime: Duration = .seconds(9)
    /// When the rest is given up.
    static let examinationTime: Duration = .milliseconds(10_500)
    /// Our own datagram comes back within microseconds; after this it is sent once more.
    static let probeInterval: Duration = .milliseconds(400)
    /// Datagrams of an examination without a sweep.
    static let probeDatagramCount = 10
    /// How long the look-up of a name may take.
    static let lookupTime: Duration = .seconds(4)
    /// How long a call may take to be connected: longer than the 3 s after which the kernel gives up on a neighbour.
    static let callTime: Duration = .milliseconds(4_500)
    static let callHandshakeTime: Duration = .seconds(2)
    /// A peer says its name at once; a relay says nothing.
    static let callHelloTime: Duration = .seconds(1)
    /// Addresses of one host that are called.
    static let calledAddressCount = 4
    /// Peers that are counted.
    static let heardPeerCount = 1_000
    /// Announcements whose signature is checked: 0.2 s of a processor.
    static let checkedAnnouncementCount = 2_000
    /// Introductions of a sweep, a second.
    static let sweepRate = 200
}
