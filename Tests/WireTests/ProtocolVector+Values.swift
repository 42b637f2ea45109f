import TestKit
import Testing
import Wire

extension ProtocolVector {
    func requireText(_ key: String) throws -> String { try #require(text(key), "\(self) has no \(key)") }
    func requireBytes(_ key: String) throws -> [UInt8] { try #require(bytes(key), "\(self) has no \(key)") }
    func requireNumber(_ key: String) throws -> UInt64 { try #require(number(key), "\(self) has no \(key)") }

    func requireIdentifier<Kind>(_ key: String) throws -> Identifier<Kind> {
        try #require(Identifier(try requireBytes(key)), "\(self) has no \(key)")
    }

    /// Returns a text in quotation marks, without them.
    func requireQuoted(_ key: String) throws -> String {
        let value = try requireText(key)
        try #require(value.count >= 2 && value.first == "\"" && value.last == "\"", "\(self): \(key) has no quotes")
        return String(value.dropFirst().dropLast())
    }

    func nullable<Value>(_ key: String, _ read: (String) throws -> Value) throws -> Value? {
        try requireText(key) == "null" ? nil : try read(key)
    }

    func identifiers(_ key: String) throws -> [EntryID] {
        try texts(key).map { try #require(EntryID(hexadecimal: $0)) }
    }

    private func byteStrings(_ key: String) throws -> [[UInt8]] {
        try texts(key).map { try #require([UInt8](hexadecimal: $0)) }
    }

    /// Returns the frame that a vector of kind `frame` describes.
    func frame() throws -> Frame {
        switch try requireText("type") {
        case "hello":
            .hello(
                announcement: try requireBytes("announcement"),
                gathering: try nullable("gathering") { try requireIdentifier($0) },
                away: try nullable("away") { try requireQuoted($0) })
        case "announcement": .announcement(try requireBytes("announcement"))
        case "peers": .peers(try introductions())
        case "ping": .ping(try requireNumber("number"))
        case "pong": .pong(try requireNumber("number"))
        case "goodbye": .goodbye(try requireKind("reason"))
        case "entries": .entries(try byteStrings("entry"))
        case "reconcile":
            .reconcile(
                room: try requireIdentifier("room"), gathering: try nullable("gathering") { try requireIdentifier($0) },
                message: try requireBytes("message"))
        case "want": .want(room: try requireIdentifier("room"), ids: try identifiers("id"))
        case "have": .have(room: try requireIdentifier("room"), ids: try identifiers("id"))
        case "receipt": .receipt(room: try requireIdentifier("room"), ids: try identifiers("id"))
        case "gathering": .gathering(try requireIdentifier("gathering"))
        case "away": .away(try nullable("away") { try requireQuoted($0) })
        case "authors":
            .authors(
                room: try requireIdentifier("room"),
                names: try zip(texts("author"), texts("name")).map {
                    AuthorName(peer: try #require(PeerID(hexadecimal: $0)), name: $1)
                })
        case "digest": .digest(try texts("sum").map { try #require(UInt64($0, radix: 16)) })
        case "advertise": .advertise(try texts("key").map { try statementKey($0) })
        case "request": .request(try texts("process").map { ProcessTag(number: try #require(UInt64($0, radix: 16))) })
        case "advertisements":
            .advertisements(
                try zip(byteStrings("advertisement"), texts("endpoints")).map {
                    AdvertisedPeer(advertisement: $0, endpoints: try endpoints($1))
                })
        default: try relayFrame()
        }
    }

    /// Returns the announcements, each with its endpoints: addresses and ports separated by commas.
    private func introductions() throws -> [Introduction] {
        try zip(byteStrings("announcement"), texts("endpoints")).map { announcement, list in
            Introduction(announcement: announcement, endpoints: try endpoints(list))
        }
    }

    private func endpoints(_ list: String) throws -> [Endpoint] {
        try list.split(separator: ",").filter { $0 != "none" }.map { text in
            let words = text.split(separator: " ")
            try #require(words.count == 2)
            let address = try #require(IPAddress(String(words[0])))
            return Endpoint(address: address, port: try #require(UInt16(words[1])))
        }
    }

    /// Parses a process in hexadecimal and a sequence.
    private func statementKey(_ text: String) throws -> AdvertisementKey {
        let words = text.split(separator: " ")
        try #require(words.count == 2)
        return AdvertisementKey(
            process: ProcessTag(number: try #require(UInt64(words[0], radix: 16))),
            sequence: try #require(UInt64(words[1])))
    }
}
