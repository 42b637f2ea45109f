public import CoreModel

/// The configuration of a host.
public struct HostConfiguration {
    /// The port for links.
    public var port: PortChoice = .preferred(47474)
    /// The listen addresses for guests with plain text: links whose ID has ``LinkID/isGuest``. Empty for none.
    public var guestPlaces: [ListenPlace] = []
    /// The listen addresses that serve ``CoreHost/Operation/page`` over HTTP. Empty for none.
    public var pagePlaces: [ListenPlace] = []
    /// The locked directory with the socket that serves ``CoreHost/Operation/status``. Nil for none.
    public var statusDirectory: String?
    public var linkLimits = LinkLimits()
    /// The time that links have to send their queues when the process exits.
    public var finishTime: Duration = HostBounds.finishTime
    public var usesMulticast = true
    /// The port of the multicast groups; tests use others to be isolated.
    public var multicastPort: UInt16 = 47474
    /// The interfaces to use; empty for all.
    public var interfaceNames: [String] = []
    /// The descriptor whose input the front end receives; nil for none.
    public var input: Int32? = ProcessEnvironment.standardInput
    /// The descriptor to which the front end's output is written; nil for none.
    public var output: Int32? = ProcessEnvironment.standardOutput
    /// Whether to handle SIGINT and similar signals; `run` must then be called on the main thread.
    public var takesSignals = true
    /// Whether a terminal on `input` delivers every key, as our own line editor requires.
    public var usesRawTerminal = false
    /// Receives lines for the diagnostic log. Must not write to a terminal that the front end draws on.
    public var note: (Note) -> Void = { _ in }

    public init() {}
}

/// The limits on accepted links.
public struct LinkLimits: Equatable, Sendable {
    /// The maximum number of accepted connections; further ones are closed immediately.
    public var accepted = HostBounds.acceptedLinks
    /// The maximum number of these from one address.
    public var acceptedPerAddress = HostBounds.acceptedLinksPerAddress

    public init() {}
}
