/// What a peer can do beyond the first version, as bits of one number in its announcement (Protocol.md, Features). Bits
/// that this version does not know are kept and mean nothing.
public struct Features: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// It keeps, passes on and confirms entries of kinds that it does not know. Who has not got it closes a link that
    /// brings one.
    public static let unknownKinds = Self(rawValue: 32)

    /// What this version announces.
    public static let ofThisVersion: Self = [.unknownKinds]
    /// An announcement of ours stays within ``Limits/introductionBytes`` with these and no more.
    public static let announced: ClosedRange<UInt64> = 0...UInt64(UInt32.max)
}
