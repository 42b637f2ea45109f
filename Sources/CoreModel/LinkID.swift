/// Names one link of one process; never used again once closed.
public struct LinkID: Hashable, Comparable, Sendable {
    public var number: UInt64

    public init(number: UInt64) { self.number = number }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    /// Links of guests with plain text (`earshot relay --text`) are numbered from here up.
    public static let firstGuest: UInt64 = 3 << 62
    /// What comes on it is plain text, not Noise.
    public var isGuest: Bool { number >= Self.firstGuest }
}
