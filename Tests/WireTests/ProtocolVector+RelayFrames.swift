import TestKit
import Testing
import Wire

extension ProtocolVector {
    /// Returns the frame between a relay and its members that a vector describes.
    func relayFrame() throws -> Frame {
        switch try requireText("type") {
        case "join":
            .join(
                RelayJoin(
                    name: try requireQuoted("name"), isStrict: try requireChoice("isStrict"),
                    password: try nullable("password") { try requireBytes($0) }, program: try requireQuoted("program")))
        case "welcome":
            .welcome(
                RelayWelcome(
                    name: try requireQuoted("name"), relayName: try requireQuoted("relayName"),
                    isOperator: try requireChoice("isOperator"), topic: try nullable("topic") { try requireQuoted($0) },
                    messageOfTheDay: try nullable("messageOfTheDay") { try requireQuoted($0) },
                    rate: try requireNumber("rate"), burst: try requireNumber("burst"),
                    historyFrom: try requireNumber("historyFrom")))
        case "refusal":
            .refusal(
                RelayRefusal(
                    code: try requireKind("code"), reason: try requireQuoted("reason"),
                    retryAfter: try nullable("retryAfter") { try requireNumber($0) }))
        case "members":
            .members(
                RelayMembers(isFresh: try requireChoice("isFresh"), changes: try texts("member").map(Self.member)))
        case "moderate":
            .moderate(
                RelayModeration(
                    number: try requireNumber("number"), act: try requireKind("act"),
                    target: try requireQuoted("target"), text: try requireQuoted("text"),
                    seconds: try nullable("seconds") { try requireNumber($0) }))
        case "moderated":
            .moderated(
                RelayModerated(
                    number: try requireNumber("number"), outcome: try requireKind("outcome"),
                    text: try requireQuoted("text"), bans: try texts("ban").map(Self.ban)))
        case "removed":
            .removed(
                RelayRemoval(
                    how: try requireKind("how"), by: try requireQuoted("by"), reason: try requireQuoted("reason")))
        case "notice": .notice(try requireQuoted("text"))
        case "topic":
            .topic(try nullable("topic") { try requireQuoted($0) }, by: try requireQuoted("by"))
        case "tunnel": .tunnel(try tunnel(), bytes: try requireBytes("data"))
        case "tunnelClosed": .tunnelClosed(try tunnel())
        case "declined":
            .declined(
                room: try requireIdentifier("room"), ids: try identifiers("id"), why: try requireKind("why"))
        default: try #require(nil as Frame?, "\(self) is of an unknown type")
        }
    }

    private func requireChoice(_ key: String) throws -> Bool {
        let number = try requireNumber(key)
        try #require(number < 2)
        return number == 1
    }

    /// Returns a number as a kind, or `other` for those of later versions.
    func requireKind<Kind: RawRepresentable<UInt8>>(_ key: String) throws -> Kind {
        try #require(Kind(rawValue: try requireText(key) == "other" ? 255 : UInt8(try requireNumber(key))))
    }

    private func tunnel() throws -> RelayTunnel {
        RelayTunnel(
            peer: try requireIdentifier("peer"), number: try requireNumber("number"),
            isFromOpener: try requireChoice("isFromOpener"))
    }

    private static func member(_ line: String) throws -> RelayMember {
        let words = try words(line, count: 5)
        return RelayMember(
            peer: try #require(PeerID(hexadecimal: words[0])),
            state: try #require(RelayMember.State(rawValue: UInt8(words[1]) ?? 255)),
            name: words[2], traits: RelayMember.Traits(rawValue: try #require(UInt8(words[3]))),
            away: words[4] == "null" ? nil : words[4])
    }

    private static func ban(_ line: String) throws -> RelayBan {
        let words = try words(line, count: 6)
        return RelayBan(
            name: words[0], peer: try optional(words[1]) { PeerID(hexadecimal: $0) },
            address: words[2] == "null" ? nil : words[2], reason: words[3], by: words[4],
            until: try optional(words[5]) { UInt64($0) })
    }

    private static func optional<Value>(_ word: String, _ read: (String) -> Value?) throws -> Value? {
        if word == "null" { return nil }
        let value = read(word)
        try #require(value != nil, "\(word)")
        return value
    }

    /// Splits a line into words separated by blanks; a text in quotation marks is one word.
    private static func words(_ line: String, count: Int) throws -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in line {
            switch character {
            case "\"":
                isQuoted.toggle()
                if !isQuoted {
                    words.append(word)
                    word = ""
                }
            case " " where !isQuoted:
                if !word.isEmpty { words.append(word) }
                word = ""
            default: word.append(character)
            }
        }
        if !word.isEmpty { words.append(word) }
        try #require(words.count == count, "\(line)")
        return words
    }
}
