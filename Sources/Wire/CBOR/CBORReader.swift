/// Reads deterministic CBOR (RFC 8949 §4.2.1) item by item, without building a tree. Any other form is rejected, so
/// that equal values have equal bytes.
///
/// A call that reads one item and throws leaves the reader where it was. The input is untrusted: every length is
/// checked against the bytes that remain before it is used.
public struct CBORReader {
    /// The maximum nesting depth of containers that are skipped or read as a ``CBORValue``.
    public static let maximumDepth = 8

    let bytes: ArraySlice<UInt8>
    /// The index into `bytes` of the next item.
    var position: Int
    /// The number of open containers around the next item; they count against ``maximumDepth`` when it is skipped.
    var depth = 0

    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    public init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// The number of bytes read so far.
    public var offset: Int { position - bytes.startIndex }
    /// The number of bytes not yet read.
    public var remainingCount: Int { bytes.endIndex - position }

    /// Reads an unsigned integer.
    public mutating func unsigned() throws(CBORError) -> UInt64 {
        let head = try expect(.unsigned)
        position = head.end
        return head.argument
    }

    /// Reads an unsigned or negative integer that fits in 64 bits, sign included.
    public mutating func integer() throws(CBORError) -> Int64 {
        let head = try head(at: position)
        guard head.type == .negative || head.type == .unsigned else {
            throw .unexpectedType(expected: .unsigned, found: head.type, offset: offset)
        }
        guard let magnitude = Int64(exactly: head.argument) else { throw .integerOutOfRange(offset: offset) }
        position = head.end
        return head.type == .unsigned ? magnitude : ~magnitude
    }

    /// Reads a byte string of at most `maximum` bytes. The result is a slice of the input.
    public mutating func bytes(maximum: Int = .max) throws(CBORError) -> ArraySlice<UInt8> {
        let content = try content(of: expect(.bytes), maximum: maximum)
        position = content.upperBound
        return bytes[content]
    }

    /// Reads a byte string of 32 bytes.
    public mutating func identifier<Kind>() throws(CBORError) -> Identifier<Kind> {
        let head = try expect(.bytes)
        let content = try content(of: head, maximum: Identifier<Kind>.byteCount)
        guard let value = Identifier<Kind>(bytes[content]) else {
            throw .unexpectedCount(expected: Identifier<Kind>.byteCount, found: content.count, offset: offset)
        }
        position = content.upperBound
        return value
    }

    /// Reads a text string of at most `maximumBytes` bytes of UTF-8.
    public mutating func text(maximumBytes: Int = .max) throws(CBORError) -> String {
        let content = try content(of: expect(.text), maximum: maximumBytes)
        guard let value = String(validating: bytes[content], as: UTF8.self) else {
            throw .invalidUTF8(offset: offset)
        }
        position = content.upperBound
        return value
    }

    /// Reads the head of an array: the number of items that follow, at most `maximum`.
    public mutating func array(maximum: Int = .max) throws(CBORError) -> Int {
        let head = try expect(.array)
        let count = try count(of: head, maximum: maximum)
        position = head.end
        return count
    }

    /// Reads an array of at least `count` elements, the first `count` of them with `body`. The rest, which a later
    /// version added, are checked to be CBOR and skipped.
    public mutating func fields<Value>(
        _ count: Int, _ body: (inout CBORReader) throws(CBORError) -> Value
    ) throws(CBORError) -> Value {
        let start = offset
        let found = try array()
        guard found >= count else { throw .unexpectedCount(expected: count, found: found, offset: start) }
        depth += 1
        let value = try body(&self)
        for _ in count..<found { try skip() }
        depth -= 1
        return value
    }

    /// Reads a list of at most `maximum` elements, each with `element`.
    mutating func list<Element>(
        maximum: Int, _ element: (inout CBORReader) throws(CBORError) -> Element
    ) throws(CBORError) -> [Element] {
        let count = try array(maximum: maximum)
        depth += 1
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try element(&self)) }
        depth -= 1
        return elements
    }

    /// Reads one item of any type and returns its encoded bytes, checked as thoroughly as if it were decoded.
    mutating func item() throws(CBORError) -> ArraySlice<UInt8> {
        let start = position
        try skip()
        return bytes[start..<position]
    }

    /// Reads the head of a map: the number of pairs that follow. It scans the map once to check the order of the keys,
    /// so the caller can rely on it.
    public mutating func map(maximum: Int = .max) throws(CBORError) -> Int {
        let head = try expect(.map)
        let count = try count(of: head, maximum: maximum)
        _ = try endOfItem()
        position = head.end
        return count
    }

    public mutating func bool() throws(CBORError) -> Bool {
        let head = try expect(.simple)
        guard bytes[position] != CBORWriter.Simple.null else {
            throw .unexpectedType(expected: .simple, found: .simple, offset: offset)
        }
        let value = bytes[position] == CBORWriter.Simple.true
        position = head.end
        return value
    }

    /// Reads a null if it is the next item.
    /// - Returns: Whether it was.
    public mutating func takeNull() -> Bool {
        guard position < bytes.endIndex, bytes[position] == CBORWriter.Simple.null else { return false }
        position += 1
        return true
    }

    /// Returns the type of the next item.
    public func nextType() throws(CBORError) -> CBORType {
        try head(at: position).type
    }

    /// Skips one item of any type, checking it as thoroughly as if it were decoded.
    /// - Parameter containers: The number of containers around it that ``array(maximum:)`` or ``map(maximum:)`` opened.
    public mutating func skip(inside containers: Int = 0) throws(CBORError) {
        depth += containers
        defer { depth -= containers }
        position = try endOfItem()
    }

    /// Checks that nothing follows.
    /// - Throws: ``CBORError/trailingBytes(count:offset:)``.
    public func finish() throws(CBORError) {
        guard remainingCount == 0 else { throw .trailingBytes(count: remainingCount, offset: offset) }
    }
}

extension CBORReader {
    /// An item's type and argument, and the index at which its content begins.
    struct Head {
        let type: CBORType
        let argument: UInt64
        /// The index of the byte after the head.
        let end: Int
    }

    /// Returns the head of the item at `position` without advancing.
    func head(at position: Int) throws(CBORError) -> Head {
        let offset = position - bytes.startIndex
        guard position < bytes.endIndex else { throw .endOfInput(offset: offset, needed: 1, remaining: 0) }
        let initial = bytes[position]
        let information = initial & 0x1F
        guard let type = CBORType(rawValue: initial >> 5) else { preconditionFailure("three bits") }
        switch information {
        case 28...30: throw .reservedInformation(information, offset: offset)
        case 31: throw .indefiniteLength(offset: offset)
        default: break
        }
        if type == .tag { throw .tagRefused(offset: offset) }
        if type == .simple {
            switch initial {
            case CBORWriter.Simple.false, CBORWriter.Simple.true, CBORWriter.Simple.null:
                return Head(type: type, argument: UInt64(information), end: position + 1)
            case 0xF9...0xFB: throw .floatRefused(offset: offset)
            default: throw .simpleValueRefused(offset: offset)
            }
        }
        guard information >= 24 else { return Head(type: type, argument: UInt64(information), end: position + 1) }
        // 24, 25, 26 and 27 mean that one, two, four or eight bytes follow.
        let byteCount = 1 << Int(information - 24)
        let remaining = bytes.endIndex - position - 1
        guard byteCount <= remaining else {
            throw .endOfInput(offset: offset + 1, needed: UInt64(byteCount), remaining: remaining)
        }
        var argument: UInt64 = 0
        for byte in bytes[position + 1..<position + 1 + byteCount] { argument = argument << 8 | UInt64(byte) }
        let leastThatNeedsThisForm: UInt64 = byteCount == 1 ? 24 : 1 << UInt64(4 * byteCount)
        guard argument >= leastThatNeedsThisForm else { throw .notShortest(offset: offset) }
        return Head(type: type, argument: argument, end: position + 1 + byteCount)
    }

    /// Returns the next head, which must be of this type.
    private func expect(_ type: CBORType) throws(CBORError) -> Head {
        let head = try head(at: position)
        guard head.type == type else { throw .unexpectedType(expected: type, found: head.type, offset: offset) }
        return head
    }

    /// Returns the range of the content of a byte or text string.
    func content(of head: Head, maximum: Int = .max) throws(CBORError) -> Range<Int> {
        let offset = head.end - bytes.startIndex
        let remaining = bytes.endIndex - head.end
        guard head.argument <= UInt64(maximum) else {
            throw .tooLong(length: head.argument, maximum: maximum, offset: offset)
        }
        guard head.argument <= UInt64(remaining) else {
            throw .endOfInput(offset: offset, needed: head.argument, remaining: remaining)
        }
        return head.end..<head.end + Int(head.argument)
    }

    /// Returns the number of elements of an array or pairs of a map. Each element takes at least one byte, so a count
    /// above the remaining bytes is false and is rejected before memory is reserved for it.
    func count(of head: Head, maximum: Int = .max) throws(CBORError) -> Int {
        let offset = head.end - bytes.startIndex
        let remaining = bytes.endIndex - head.end
        guard head.argument <= UInt64(maximum) else {
            throw .tooLong(length: head.argument, maximum: maximum, offset: offset)
        }
        let most = head.type == .map ? remaining / 2 : remaining
        guard head.argument <= UInt64(most) else {
            throw .endOfInput(offset: offset, needed: head.argument, remaining: remaining)
        }
        return Int(head.argument)
    }
}
