/// Why bytes are not the message that they should be. Fields are named as in Protocol.md.
public enum WireError: Error, Equatable, Sendable {
    /// The bytes of this field are not CBOR, or not of its type.
    case malformed(field: String, CBORError)
    case unsupportedVersion(theirs: UInt64, ours: UInt64)
    case outOfRange(field: String, value: UInt64, allowed: ClosedRange<UInt64>)
    /// A byte or text string of the wrong size.
    case wrongSize(field: String, bytes: Int, allowed: ClosedRange<Int>)
    /// A kind or reason with no meaning in this version.
    case unknownKind(field: String, UInt64)
    /// A list that has to ascend, each element once, does not.
    case notAscending(field: String)
    /// The array ends before this field.
    case missing(field: String)
    /// A frame of a type that this version does not know; see ``mayBeIgnored``.
    case unknownFrameType(UInt64)
    /// A message longer than the protocol allows.
    case tooLong(bytes: Int, maximum: Int)
    /// A length of zero, where there is always something.
    case empty

    /// Whether the receiver passes over what was refused and goes on: frames of unknown types below
    /// ``Frame/firstCriticalType`` (Protocol.md, Versions). Everything else breaks the protocol.
    public var mayBeIgnored: Bool {
        if case .unknownFrameType(let type) = self { return type < Frame.firstCriticalType }
        return false
    }
}
