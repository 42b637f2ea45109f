/// The location of a relay and the identity that it must have: `earshot://HOST[:PORT][#FINGERPRINT]`.
public struct RelayAddress: Hashable, Sendable {
    public var host: Host
    /// The TCP port of the relay's links, 1...65535.
    public var port: UInt16
    /// The key of the relay's community, which for a relay without one is its own peer ID. Nil accepts the key of the
    /// first relay that answers, which is remembered from then on.
    public var fingerprint: PeerID?

    /// The default port of relays.
    public static let usualPort: UInt16 = 47475
    /// The maximum length of an address that is parsed, in bytes.
    static let textBytes = 512

    /// The host of a relay.
    public enum Host: Hashable, Sendable {
        case address(IPAddress)
        /// A host name in lower case, to be resolved.
        case name(String)
    }

    public init(host: Host, port: UInt16 = usualPort, fingerprint: PeerID? = nil) {
        self.host = host
        self.port = port
        self.fingerprint = fingerprint
    }

    /// The host and port without the identity: `relay.example:47475`, `[2001:db8::1]:47475`. A relay's identity is
    /// remembered under this key.
    public var place: String {
        switch host {
        case .address(let address): "\(Endpoint(address: address, port: port))"
        case .name(let name): "\(name):\(port)"
        }
    }
}

/// The reason why a text is not the address of a relay, and what to do.
public enum RelayAddressError: Error, Equatable, Sendable, CustomStringConvertible {
    case tooLong(bytes: Int)
    case unknownScheme(String)
    case badHost(String)
    case badPort(String)
    case badFingerprint(String)
    /// The address contains a part that is not allowed, such as a path.
    case unexpected(String)

    public var description: String {
        let form = "write earshot://HOST[:PORT][#FINGERPRINT] as the relay prints it"
        return switch self {
        case .tooLong(let bytes): "the relay's address has \(bytes) bytes: \(form)"
        case .unknownScheme(let scheme): "\(scheme):// is not a relay's address: \(form)"
        case .badHost(let host) where host.isEmpty: "the relay's address has no host: \(form)"
        case .badHost(let host):
            "\(host) is neither a host's name nor an address (put an IPv6 address in brackets): \(form)"
        case .badPort(let port) where port.isEmpty: "there is no port after the colon: \(form)"
        case .badPort(let port): "\(port) is not a port, which is a number from 1 to 65535: \(form)"
        case .badFingerprint(let text):
            "the fingerprint after # has \(text.utf8.count) characters and is not 64 hexadecimal digits: "
                + "copy the relay's whole address"
        case .unexpected(let text): "\(text) does not belong in a relay's address: \(form)"
        }
    }
}

extension RelayAddress: CustomStringConvertible {
    /// The full address, including the port.
    public var description: String {
        let identity = fingerprint.map { "#\($0)" } ?? ""
        return "earshot://\(place)\(identity)"
    }

    /// Parses an address. The scheme is optional, so a host name alone is enough.
    public init(_ text: String) throws(RelayAddressError) {
        guard text.utf8.count <= Self.textBytes else { throw .tooLong(bytes: text.utf8.count) }
        var rest = try Self.withoutScheme(text)
        fingerprint = nil
        if let hash = rest.firstIndex(of: "#") {
            let digits = rest[rest.index(after: hash)...]
            guard let id = PeerID(hexadecimal: String(digits)) else { throw .badFingerprint(String(digits)) }
            fingerprint = id
            rest = rest[..<hash]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        for mark in ["/", "?", "@"] where rest.contains(mark) {
            let index = rest.firstIndex(of: Character(mark)) ?? rest.startIndex
            throw .unexpected(mark == "@" ? String(rest[...index]) : String(rest[index...]))
        }
        let (host, port) = try Self.split(rest)
        self.host = host
        self.port = port
    }

    private static func withoutScheme(_ text: String) throws(RelayAddressError) -> Substring {
        for start in text.indices where text[start...].hasPrefix("://") {
            let scheme = text[..<start]
            guard scheme.lowercased() == "earshot" else { throw .unknownScheme(String(scheme)) }
            return text[text.index(start, offsetBy: 3)...]
        }
        return text[...]
    }

    private static func split(_ text: Substring) throws(RelayAddressError) -> (Host, UInt16) {
        var host = text
        var port = usualPort
        let isBracketed = text.hasPrefix("[")
        // With two colons and no brackets, the end of the address and the start of the port are ambiguous.
        if !isBracketed, text.filter({ $0 == ":" }).count > 1 { throw .badHost(String(text)) }
        let end = isBracketed ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":")
        if let end {
            host = text[..<end]
            let behind = text[end...]
            if !behind.isEmpty {
                guard let number = number(behind) else {
                    throw .badPort(String(behind.hasPrefix(":") ? behind.dropFirst() : behind))
                }
                port = number
            }
        }
        if isBracketed {
            guard host.hasSuffix("]"), let address = IPAddress(String(host.dropFirst().dropLast())),
                case .v6 = address
            else { throw .badHost(String(host)) }
            return (.address(address), port)
        }
        if let address = IPAddress(String(host)) { return (.address(address), port) }
        guard isName(host) else { throw .badHost(String(host)) }
        return (.name(host.lowercased()), port)
    }

    private static func number(_ text: Substring) -> UInt16? {
        let digits = text.dropFirst()
        guard text.hasPrefix(":"), (1...5).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits), port > 0
        else { return nil }
        return port
    }

    /// RFC 1123 §2.1, and underscores, which are in use. Digits and dots alone would be a mistyped address.
    private static func isName(_ text: Substring) -> Bool {
        guard (1...253).contains(text.utf8.count), text.contains(where: \.isLetter) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
    }
}
