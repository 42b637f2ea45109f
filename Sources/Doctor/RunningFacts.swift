import CoreModel
public import Wire

/// The status of an Earshot that runs on this machine, as lines of text. The writer and ``init(lines:)`` are one type,
/// so each is tested against the other.
public struct RunningFacts: Equatable, Sendable {
    public struct Link: Equatable, Sendable {
        public var peer: PeerID
        public var name: String
        /// The remote address; nil for a link through a relay.
        public var address: Endpoint?
        public var isThroughFirewall: Bool

        public init(peer: PeerID, name: String, address: Endpoint?, isThroughFirewall: Bool) {
            self.peer = peer
            self.name = name
            self.address = address
            self.isThroughFirewall = isThroughFirewall
        }
    }

    /// The version of the program.
    public var version: String
    public var name: String
    /// The TCP port of its links.
    public var port: UInt16
    public var usesMulticast: Bool
    /// Whether another process uses the same key, here or elsewhere.
    public var isKeyInUseElsewhere: Bool
    /// The names of blocked people.
    public var blocked: [String]
    public var links: [Link]

    public init(
        version: String, name: String, port: UInt16, usesMulticast: Bool, isKeyInUseElsewhere: Bool = false,
        blocked: [String] = [], links: [Link] = []
    ) {
        self.version = version
        self.name = name
        self.port = port
        self.usesMulticast = usesMulticast
        self.isKeyInUseElsewhere = isKeyInUseElsewhere
        self.blocked = blocked
        self.links = links
    }

    /// The text of the status. Names have no line breaks, and are last on their line because they may contain spaces.
    public var lines: [UInt8] {
        var lines = ["earshot-status 1", "version \(version)", "name \(name)", "port \(port)"]
        if !usesMulticast { lines.append("no-multicast") }
        if isKeyInUseElsewhere { lines.append("key-in-use") }
        lines += blocked.map { "blocked \($0)" }
        lines += links.map { link in
            let way = link.isThroughFirewall ? "firewall" : "open"
            return "link \(link.peer) \(link.address.map { "\($0)" } ?? "relay") \(way) \(link.name)"
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// Parses the text of a status, ignoring lines of later versions.
    /// - Returns: Nil if the text is not a status.
    public init?(lines: [UInt8]) {
        let all = String(decoding: lines, as: UTF8.self).split(separator: "\n")
        guard all.first == "earshot-status 1" else { return nil }
        self.init(version: "", name: "", port: 0, usesMulticast: true)
        for line in all.dropFirst() {
            let word = line.prefix { $0 != " " }
            let rest = String(line.dropFirst(word.count + 1))
            switch word {
            case "version": version = rest
            case "name": name = rest
            case "port": port = UInt16(rest) ?? 0
            case "no-multicast": usesMulticast = false
            case "key-in-use": isKeyInUseElsewhere = true
            case "blocked": blocked.append(rest)
            case "link": if let link = Link(rest) { links.append(link) }
            default: break
            }
        }
    }
}

extension RunningFacts.Link {
    fileprivate init?(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 4, let peer = PeerID(hexadecimal: String(words[0])) else { return nil }
        self.init(
            peer: peer, name: String(words[3]), address: Endpoint(String(words[1])),
            isThroughFirewall: words[2] == "firewall")
    }
}
