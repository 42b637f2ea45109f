/// Builds one JSON object on one line, with its members in the order in which they are added.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var isFirst = true

    /// Returns an object with the members that `fill` adds.
    package static func object(_ fill: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.bytes.append(UInt8(ascii: "{"))
        fill(&writer)
        writer.bytes.append(UInt8(ascii: "}"))
        return writer.bytes
    }

    package mutating func add(_ name: StaticString, _ text: String) {
        addName(name)
        Self.append(text, to: &bytes)
    }

    package mutating func add(_ name: StaticString, _ number: UInt64) {
        addName(name)
        bytes.append(contentsOf: String(number).utf8)
    }

    package mutating func add(_ name: StaticString, _ truth: Bool) {
        addName(name)
        bytes.append(contentsOf: (truth ? "true" : "false").utf8)
    }

    package mutating func add(_ name: StaticString, _ value: JSONValue) {
        addName(name)
        Self.append(value, to: &bytes)
    }

    /// Adds an array of objects, one for each element.
    package mutating func add<Element>(
        _ name: StaticString, _ elements: [Element], fill: (inout JSONWriter, Element) -> Void
    ) {
        addName(name)
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: Self.object { fill(&$0, element) })
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func addName(_ name: StaticString) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        Self.append(name.description, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    private static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .boolean(let truth): bytes.append(contentsOf: (truth ? "true" : "false").utf8)
        case .number(let spelling): bytes.append(contentsOf: spelling.utf8)
        case .string(let text): append(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends a string. RFC 8259 §7 requires escapes below U+0020 only. DEL, the C1 controls and the line separators
    /// are escaped as well, so that a line does no harm when a terminal shows it or a careless reader splits it.
    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        // Most texts and all IDs need no escapes.
        if text.utf8.allSatisfy({ 0x20..<0x7F ~= $0 && $0 != 0x22 && $0 != 0x5C }) {
            return bytes.append(contentsOf: text.utf8)
        }
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: bytes.append(contentsOf: [0x5C, 0x22])
            case 0x5C: bytes.append(contentsOf: [0x5C, 0x5C])
            case 0x0A: bytes.append(contentsOf: [0x5C, UInt8(ascii: "n")])
            case 0x0D: bytes.append(contentsOf: [0x5C, UInt8(ascii: "r")])
            case 0x09: bytes.append(contentsOf: [0x5C, UInt8(ascii: "t")])
            case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: bytes.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
    }
}
