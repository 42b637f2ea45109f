public import CoreModel

/// How a host runs its core.
public struct HostConfiguration {
    /// Where links are accepted.
    public var port: PortChoice = .preferred(47474)
    /// Where guests with plain text are accepted: links whose ID says ``LinkID/isGuest``. Empty for nowhere.
    public var guestPlaces: [ListenPlace] = []
    /// Where the page of ``PeerHost/Operation/page`` is given over HTTP. Empty for nowhere.
    public var pagePlaces: [ListenPlace] = []
    /// The locked directory in which a socket gives ``PeerHost/Operation/status``. Nil for nowhere.
    public var statusDirectory: String?
    public var linkLimits = LinkLimits()
    /// How long, when the process ends, links may take to hand over what is queued.
    public var finishTime: Duration = HostBounds.finishTime
    public var usesMulticast = true
    /// Where the groups are joined; tests take another, to be among themselves.
    public var multicastPort: UInt16 = 47474
    /// Only these interfaces; empty for all.
    public var interfaceNames: [String] = []
    /// What is read for the front end; nil for nothing.
    public var input: Int32? = Surroundings.standardInput
    /// Where the front end's output goes; nil for nowhere.
    public var output: Int32? = Surroundings.standardOutput
    /// Whether SIGINT and its like are taken; `run` must then be on the first thread.
    public var takesSignals = true
    /// Whether a terminal on `input` hands over every key, as a line editor of our own needs it.
    public var usesRawTerminal = false
    /// Takes lines for the diagnostic log. Must not write to a terminal that the front end draws on.
    public var note: (Note) -> Void = { _ in }

    public init() {}
}

/// How much of the process links may take.
public struct LinkLimits: Equatable, Sendable {
    /// Connections that were accepted and stand; later ones are closed at once.
    public var accepted = HostBounds.acceptedLinks
    /// Of those, from one address.
    public var acceptedPerAddress = HostBounds.acceptedLinksPerAddress

    public init() {}
}
