import PeerCore
public import Wire

/// An address on which a relay listens: `HOST:PORT`, `[ADDRESS]:PORT`, `*:PORT` or `PORT`.
public struct ListenAddress: Equatable {
    public var host: Host
    /// 0 for any free port.
    public var port: UInt16

    public enum Host: Equatable {
        /// All addresses of the machine, IPv4 and IPv6.
        case any
        case address(IPAddress)
        /// A host name to look up.
        case name(String)
    }

    public init(_ host: Host, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Parses an address.
    /// - Parameter host: The host to use if the text is a port alone.
    public init?(_ text: String, usualHost host: Host) {
        if let port = Self.port(text[...]) {
            self.init(host, port: port)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
            return nil
        }
        let name = String(text[..<colon])
        if name.isEmpty || name == "*" {
            self.init(name.isEmpty ? host : .any, port: port)
        } else {
            // The same rules as for the address of a relay, except that its port is never 0.
            guard let address = try? RelayAddress("earshot://\(name):1") else { return nil }
            switch address.host {
            case .address(let address): self.init(.address(address), port: port)
            case .name(let name): self.init(.name(name), port: port)
            }
        }
    }

    private static func port(_ text: Substring) -> UInt16? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt16(text)
    }
}

extension ListenAddress: CustomStringConvertible {
    public var description: String {
        switch host {
        case .any: "*:\(port)"
        case .address(let address): "\(Endpoint(address: address, port: port))"
        case .name(let name): "\(name):\(port)"
        }
    }
}
