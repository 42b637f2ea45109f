extension IPAddress: CustomStringConvertible {
    /// The address in dotted decimal or as in RFC 5952 (lower case, the first longest run of zeros shortened,
    /// IPv4-mapped IPv6 addresses ending in dotted decimal), followed by `%SCOPE` as a number if there is one.
    public var description: String {
        switch self {
        case .v4(let bits):
            return Self.dotted(bits)
        case .v6(let high, let low, let scope):
            let zone = scope == 0 ? "" : "%\(scope)"
            if high == 0, low >> 32 == 0xFFFF {
                return "::ffff:" + Self.dotted(UInt32(truncatingIfNeeded: low)) + zone
            }
            return Self.shortened(Self.groups(high: high, low: low)) + zone
        }
    }

    /// Parses an address.
    /// - Returns: Nil unless the text is one IPv4 address in dotted decimal (no leading zeros) or one IPv6 address (RFC
    ///   4291 §2.2), with or without a numeric scope.
    public init?(_ text: String) {
        guard text.utf8.count <= 60 else { return nil }
        if let bits = Self.parseDotted(text[...]) {
            self = .v4(bits)
            return
        }
        var address = text[...]
        var scope: UInt32 = 0
        if let percent = text.firstIndex(of: "%") {
            address = text[..<percent]
            let zone = text[text.index(after: percent)...]
            guard zone.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt32(zone), number > 0 else {
                return nil
            }
            scope = number
        }
        guard let groups = Self.parseGroups(address) else { return nil }
        let high = groups[..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = groups[4...].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        self = .v6(high: high, low: low, scope: scope)
    }

    private static func dotted(_ bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    private static func groups(high: UInt64, low: UInt64) -> [UInt16] {
        [high, low].flatMap { half in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
        }
    }

    /// Shortens as in RFC 5952 §4.2: never a single zero group, and the first of equally long runs.
    private static func shortened(_ groups: [UInt16]) -> String {
        var longest = 0..<0
        var start = 0
        for index in 0...groups.count {
            if index < groups.count, groups[index] == 0 { continue }
            if index - start > longest.count { longest = start..<index }
            start = index + 1
        }
        func joined(_ part: some Sequence<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard longest.count >= 2 else { return joined(groups) }
        return joined(groups[..<longest.lowerBound]) + "::" + joined(groups[longest.upperBound...])
    }

    private static func parseDotted(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard let value = decimal(part, atMost: 255), part.utf8.count == 1 || part.utf8.first != 0x30 else {
                return nil
            }
            bits = bits << 8 | value
        }
        return bits
    }

    /// Parses digits only: Swift's own `UInt32("+1")` is 1.
    fileprivate static func decimal(_ text: Substring, atMost maximum: UInt32) -> UInt32? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        guard let value = UInt32(text), value <= maximum else { return nil }
        return value
    }

    private static func parseGroups(_ text: Substring) -> [UInt16]? {
        guard let gap = doubleColon(in: text) else {
            guard let groups = plainGroups(text), groups.count == 8 else { return nil }
            return groups
        }
        let before = text[..<gap]
        let after = text[text.index(gap, offsetBy: 2)...]
        // Dotted decimal is allowed only at the very end.
        guard !before.contains("."), let head = before.isEmpty ? [] : plainGroups(before),
            let tail = after.isEmpty ? [] : plainGroups(after), head.count + tail.count <= 7
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func doubleColon(in text: Substring) -> Substring.Index? {
        var previous: Substring.Index?
        for index in text.indices {
            if text[index] == ":" {
                if let previous { return previous }
                previous = index
            } else {
                previous = nil
            }
        }
        return nil
    }

    private static func plainGroups(_ text: Substring) -> [UInt16]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, let bits = parseDotted(part) {
                groups.append(UInt16(truncatingIfNeeded: bits >> 16))
                groups.append(UInt16(truncatingIfNeeded: bits))
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.first != 0x2B, part.utf8.first != 0x2D,
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }
}

extension Endpoint: CustomStringConvertible {
    /// The address and port: `192.0.2.1:47474`, `[2001:db8::1]:47474`, `[fe80::1%3]:47474`.
    public var description: String {
        switch address {
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)]:\(port)"
        }
    }

    /// Parses an address and a port.
    /// - Returns: Nil unless the text is an address and a port (1...65535) in the format of ``description``. Host names
    ///   are not resolved.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = IPAddress.decimal(text[text.index(after: colon)...], atMost: 65535), port > 0
        else { return nil }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(String(host)) else { return nil }
        switch address {
        case .v4: guard !isBracketed else { return nil }
        case .v6: guard isBracketed else { return nil }
        }
        self.init(address: address, port: UInt16(truncatingIfNeeded: port))
    }
}
