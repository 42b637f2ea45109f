/// The reason why bytes are not the expected message. Fields are named as in Protocol.md.
public enum WireError: Error, Equatable, Sendable {
    /// The bytes of this field are not CBOR, or not of its type.
    case malformed(field: String, CBORError)
    case unsupportedVersion(theirs: UInt64, ours: UInt64)
    case outOfRange(field: String, value: UInt64, allowed: ClosedRange<UInt64>)
    /// A byte or text string has the wrong size.
    case wrongSize(field: String, bytes: Int, allowed: ClosedRange<Int>)
    /// A kind or reason has no meaning in this version.
    case unknownKind(field: String, UInt64)
    /// A list that must be ascending and without duplicates is not.
    case notAscending(field: String)
    /// The array ends before this field.
    case missing(field: String)
    /// The frame is of a type that this version does not know; see ``mayBeIgnored``.
    case unknownFrameType(UInt64)
    /// The message is longer than the protocol allows.
    case tooLong(bytes: Int, maximum: Int)
    /// The length is zero where there is always content.
    case empty

    /// Whether the receiver may ignore the message and go on: frames of unknown types below ``Frame/firstCriticalType``
    /// (Protocol.md, Versions). Every other error is a protocol violation.
    public var mayBeIgnored: Bool {
        if case .unknownFrameType(let type) = self { return type < Frame.firstCriticalType }
        return false
    }
}
