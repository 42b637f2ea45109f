/// A machine on the virtual network, numbered from 0 in the order of addition.
public struct HostID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var number: Int

    public init(_ number: Int) { self.number = number }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
    public var description: String { "h\(number)" }
}

/// A segment that multicast passes through; hosts on different segments do not reach each other.
public struct LANID: Hashable, Comparable, Sendable {
    /// 0...127
    public var number: Int

    public init(_ number: Int) {
        precondition((0...127).contains(number), "a LAN's number is part of its addresses")
        self.number = number
    }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// The quality of the network. Shares are of 1.
public struct Conditions: Equatable, Sendable {
    /// The time that a packet takes, one way.
    public var latency = Duration.microseconds(300)
    /// The maximum that is added to the latency, evenly distributed.
    public var jitter = Duration.microseconds(200)
    /// The share of datagrams that are lost. A segment of a link is lost as often, but retransmitted.
    public var loss = 0.0
    /// The share of datagrams that arrive twice.
    public var duplication = 0.0
    /// The share of datagrams that arrive up to `reorderingDelay` late, so that later ones overtake them.
    public var reordering = 0.0
    public var reorderingDelay = Duration.milliseconds(50)
    /// The rate of one direction of one link; nil if unlimited.
    public var linkBytesPerSecond: Int?
    /// The bytes of one direction of a link that the systems of both ends accept before the sender's process has to
    /// wait.
    public var systemBytes = 64 * 1024

    public init() {}

    /// Creates a good LAN that loses this share of datagrams.
    public init(loss: Double) { self.loss = loss }
}
