/// Reads a message that is an array of fields; errors name the field. ``finish()`` skips the elements that this version
/// does not know: this is how later versions add fields.
struct FieldReader {
    private var reader: CBORReader
    private var remainingFields: Int

    /// Creates a reader by reading the array's head.
    init(_ bytes: ArraySlice<UInt8>, message: String) throws(WireError) {
        reader = CBORReader(bytes)
        do {
            remainingFields = try reader.array()
            reader.depth = 1
        } catch {
            throw .malformed(field: message, error)
        }
    }

    mutating func unsigned(
        _ field: String, in allowed: ClosedRange<UInt64> = 0...UInt64.max
    ) throws(WireError) -> UInt64 {
        let value = try read(field) { (reader) throws(CBORError) in try reader.unsigned() }
        guard allowed.contains(value) else { throw .outOfRange(field: field, value: value, allowed: allowed) }
        return value
    }

    /// Checks the version, before anything that another version may have changed is read.
    mutating func expectVersion() throws(WireError) {
        let version = try unsigned("version")
        guard version == Limits.version else {
            throw .unsupportedVersion(theirs: version, ours: Limits.version)
        }
    }

    mutating func unsignedOrNull(
        _ field: String, in allowed: ClosedRange<UInt64> = 0...UInt64.max
    ) throws(WireError) -> UInt64? {
        let value = try read(field) { (reader) throws(CBORError) -> UInt64? in
            reader.takeNull() ? nil : try reader.unsigned()
        }
        guard let value else { return nil }
        guard allowed.contains(value) else { throw .outOfRange(field: field, value: value, allowed: allowed) }
        return value
    }

    /// Reads a small number that identifies a value of `Kind`.
    mutating func kind<Kind: RawRepresentable<UInt8>>(_ field: String) throws(WireError) -> Kind {
        let value = try unsigned(field)
        guard let small = UInt8(exactly: value), let kind = Kind(rawValue: small) else {
            throw .unknownKind(field: field, value)
        }
        return kind
    }

    /// Reads a small number that identifies a value of `Kind`, or `other` for a number of a later version.
    mutating func kind<Kind: RawRepresentable<UInt8>>(_ field: String, or other: Kind) throws(WireError) -> Kind {
        UInt8(exactly: try unsigned(field)).flatMap { Kind(rawValue: $0) } ?? other
    }

    /// Reads a number that a later version added; nil if the message is of an earlier version and ends before it.
    mutating func unsignedIfPresent(_ field: String) throws(WireError) -> UInt64? {
        remainingFields > 0 ? try unsigned(field) : nil
    }

    /// Reads one item of any type and returns its encoded bytes.
    mutating func item(_ field: String, maximumBytes: Int) throws(WireError) -> [UInt8] {
        let item = try read(field) { (reader) throws(CBORError) in try reader.item() }
        guard item.count <= maximumBytes else {
            throw .wrongSize(field: field, bytes: item.count, allowed: 1...maximumBytes)
        }
        return Array(item)
    }

    mutating func identifier<Kind>(_ field: String) throws(WireError) -> Identifier<Kind> {
        try read(field) { (reader) throws(CBORError) in try reader.identifier() }
    }

    mutating func identifierOrNull<Kind>(_ field: String) throws(WireError) -> Identifier<Kind>? {
        try read(field) { (reader) throws(CBORError) in reader.takeNull() ? nil : try reader.identifier() }
    }

    mutating func bytes(_ field: String, size allowed: ClosedRange<Int>) throws(WireError) -> [UInt8] {
        let value = try read(field) { (reader) throws(CBORError) in try reader.bytes(maximum: allowed.upperBound) }
        guard allowed.contains(value.count) else {
            throw .wrongSize(field: field, bytes: value.count, allowed: allowed)
        }
        return Array(value)
    }

    mutating func bytesOrNull(_ field: String, maximumBytes: Int) throws(WireError) -> [UInt8]? {
        try read(field) { (reader) throws(CBORError) -> [UInt8]? in
            reader.takeNull() ? nil : Array(try reader.bytes(maximum: maximumBytes))
        }
    }

    mutating func text(_ field: String, size allowed: ClosedRange<Int>) throws(WireError) -> String {
        let value = try read(field) { (reader) throws(CBORError) in
            try reader.text(maximumBytes: allowed.upperBound)
        }
        guard allowed.contains(value.utf8.count) else {
            throw .wrongSize(field: field, bytes: value.utf8.count, allowed: allowed)
        }
        return value
    }

    mutating func textOrNull(_ field: String, maximumBytes: Int) throws(WireError) -> String? {
        try read(field) { (reader) throws(CBORError) in
            reader.takeNull() ? nil : try reader.text(maximumBytes: maximumBytes)
        }
    }

    /// Reads a list of at most `maximum` elements, each with `element`.
    mutating func list<Element>(
        _ field: String, maximum: Int, _ element: (inout CBORReader) throws(CBORError) -> Element
    ) throws(WireError) -> [Element] {
        try read(field) { (reader) throws(CBORError) in
            try reader.list(maximum: maximum, element)
        }
    }

    mutating func identifiers<Kind>(_ field: String, maximum: Int) throws(WireError) -> [Identifier<Kind>] {
        try list(field, maximum: maximum) { (reader) throws(CBORError) in try reader.identifier() }
    }

    /// Skips the elements that a later version may have added, and checks that nothing follows the array.
    mutating func finish() throws(WireError) {
        do {
            while remainingFields > 0 {
                try reader.skip()
                remainingFields -= 1
            }
            try reader.finish()
        } catch {
            throw .malformed(field: "end", error)
        }
    }

    private mutating func read<Value>(
        _ field: String, _ body: (inout CBORReader) throws(CBORError) -> Value
    ) throws(WireError) -> Value {
        guard remainingFields > 0 else { throw .missing(field: field) }
        remainingFields -= 1
        do {
            return try body(&reader)
        } catch {
            throw .malformed(field: field, error)
        }
    }
}
