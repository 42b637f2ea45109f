/// The identity of one link of one process; never reused after it is closed.
public struct LinkID: Hashable, Comparable, Sendable {
    public var number: UInt64

    public init(number: UInt64) { self.number = number }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    /// The first number of the links of guests with plain text (`earshot relay --text`).
    public static let firstGuest: UInt64 = 3 << 62
    /// Whether it carries plain text rather than Noise.
    public var isGuest: Bool { number >= Self.firstGuest }
}
