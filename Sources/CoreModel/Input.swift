public import Wire

/// An event that a core handles, named as a past event.
public enum Input: Sendable {
    /// The sockets are open: links are accepted on `linkPort`, and multicast is sent on `interfaces`. It is the first
    /// input, and occurs once.
    case started(linkPort: UInt16, interfaces: [NetworkInterface])
    /// Interfaces or their addresses changed; the whole new list, sorted by index.
    case interfacesChanged([NetworkInterface])
    /// The clock jumped by more than the loop can explain: the machine was asleep.
    case resumed
    case datagramReceived([UInt8], from: Endpoint, by: DatagramPath)
    /// The kernel learned the hardware address of a neighbour. Either a packet arrived from it, even if a firewall
    /// dropped it, or one was sent to it and answered.
    case neighbourSeen(IPAddress)
    /// The obstacles to sending or receiving, as far as the host can tell; the whole new list.
    case obstaclesChanged([ReachObstacle])
    /// A connection was accepted. The host numbers accepted links from 2^63 up, and those of guests from
    /// ``LinkID/firstGuest`` up.
    case linkAccepted(LinkID, from: Endpoint)
    /// The connection that `openLink` requested is up.
    case linkOpened(LinkID)
    case linkBytesReceived(LinkID, [UInt8])
    /// The answer to `awaitDrained`: no bytes that were sent on the link wait in the host.
    case linkDrained(LinkID)
    /// The link is closed; also the answer to an `openLink` that failed. No more inputs of this link follow.
    case linkClosed(LinkID, LinkEnd)
    /// The answer to `findHost`; empty if there is no such host, or if no name server can be reached now.
    case hostFound(name: String, endpoints: [Endpoint])
    /// The time of `nextDeadline` was reached.
    case deadlineReached
    case commanded(Command, token: CommandToken?)
}

/// The way in which a datagram reached us.
public enum DatagramPath: Equatable, Sendable {
    /// Sent to the group and received on the interface of this index; 0 if that is unknown.
    case multicast(interface: UInt32)
    /// Sent to an address of this machine.
    case unicast
}

/// An obstacle that prevents other peers from finding this one, as the host notices it.
public enum ReachObstacle: Equatable, Sendable {
    /// Another program holds the UDP port of discovery exclusively.
    case discoveryPortTaken
    /// The system refuses to send to the group on the interface of this name (`EPERM`): a firewall for outgoing
    /// traffic, or a VPN's kill switch.
    case sendingForbidden(interface: String)
}

/// The reason why the host closed a link.
public enum LinkEnd: Equatable, Sendable {
    /// The other side closed it in order.
    case closedByPeer
    /// The machine answered, and no program accepts connections at that port.
    case refused
    /// Reset, unreachable or timed out; the text is for people.
    case failed(String)
    /// The core requested it.
    case closedByUs
}
