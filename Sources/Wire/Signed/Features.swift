/// The features that a peer supports beyond the first version, as bits of one number in its announcement (Protocol.md,
/// Features). Bits that this version does not know are kept but have no effect.
public struct Features: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Stores, forwards and confirms entries of unknown kinds. A peer without this feature closes a link that carries
    /// one.
    public static let unknownKinds = Self(rawValue: 32)

    /// The features that this version announces.
    public static let ofThisVersion: Self = [.unknownKinds]
    /// The values that can be announced. With any of them our announcement fits ``Limits/introductionBytes``.
    public static let announced: ClosedRange<UInt64> = 0...UInt64(UInt32.max)
}
