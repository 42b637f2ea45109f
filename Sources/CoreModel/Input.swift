public import Wire

/// What has happened, told to a core. Named as past events.
public enum Input: Sendable {
    /// The sockets are open: links are accepted on `linkPort`, multicast goes out on `interfaces`. Comes first, once.
    case started(linkPort: UInt16, interfaces: [NetworkInterface])
    /// Interfaces or their addresses changed; the whole new list, sorted by index.
    case interfacesChanged([NetworkInterface])
    /// The clock jumped by more than the loop can explain: the machine slept.
    case resumed
    case datagramReceived([UInt8], from: Endpoint, by: DatagramPath)
    /// This machine's kernel knows the hardware address of a neighbour that it did not know before: something came from
    /// there, even if a firewall dropped it, or was sent there and answered.
    case neighbourSeen(IPAddress)
    /// What keeps us from sending or hearing, as far as the host can tell; the whole new list.
    case obstaclesChanged([ReachObstacle])
    /// Somebody's connection was accepted. The host numbers accepted links from 2^63 up, guests' from
    /// ``LinkID/firstGuest`` up.
    case linkAccepted(LinkID, from: Endpoint)
    /// The connection asked for with `openLink` stands.
    case linkOpened(LinkID)
    case linkBytesReceived(LinkID, [UInt8])
    /// What `awaitDrained` asked for: nothing that was sent on the link waits in the host any more.
    case linkDrained(LinkID)
    /// The link is gone; also the answer to an `openLink` that failed. Nothing more comes from it.
    case linkClosed(LinkID, LinkEnd)
    /// What `findHost` asked for; nothing if there is no such host, or nobody to ask just now.
    case hostFound(name: String, endpoints: [Endpoint])
    /// The time that `nextDeadline` named has come.
    case deadlineReached
    case commanded(Command, token: CommandToken?)
}

/// How a datagram came to us.
public enum DatagramPath: Equatable, Sendable {
    /// Sent to the group and heard on the interface of this index; 0 if that is not known.
    case multicast(interface: UInt32)
    /// Sent to an address of this machine.
    case unicast
}

/// What keeps a peer from being found, as the host notices it.
public enum ReachObstacle: Equatable, Sendable {
    /// Another program has the UDP port of discovery for itself.
    case discoveryPortTaken
    /// The system refuses to send to the group on the interface of this name (`EPERM`): a firewall of outgoing traffic,
    /// or a VPN's kill switch.
    case sendingForbidden(interface: String)
}

/// Why the host closed a link.
public enum LinkEnd: Equatable, Sendable {
    /// The other side closed in order.
    case closedByPeer
    /// The machine is there, and nobody accepts connections at that port.
    case refused
    /// Reset, unreachable, timed out: the text is for people.
    case failed(String)
    /// The core asked for it.
    case closedByUs
}
