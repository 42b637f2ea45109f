extension Frame {
    static func decodeOfRelay(_ type: TypeNumber, _ fields: inout FieldReader) throws(WireError) -> Frame {
        switch type {
        case .join: .join(try RelayJoin(from: &fields))
        case .welcome: .welcome(try RelayWelcome(from: &fields))
        case .refusal:
            .refusal(
                RelayRefusal(
                    code: try fields.kind("code", or: .other),
                    reason: try fields.text("reason", size: 0...Limits.phraseBytes),
                    retryAfter: try fields.unsignedOrNull("retryAfter")))
        case .members:
            .members(
                RelayMembers(
                    isFresh: try fields.flag("isFresh"),
                    changes: try fields.list("changes", maximum: Limits.frameMemberCount) {
                        (reader) throws(CBORError) in
                        try reader.fields(5) { (reader) throws(CBORError) in try RelayMember(from: &reader) }
                    }))
        case .moderate: .moderate(try RelayModeration(from: &fields))
        case .moderated:
            .moderated(
                RelayModerated(
                    number: try fields.unsigned("number"), outcome: try fields.kind("outcome", or: .other),
                    text: try fields.text("text", size: 0...Limits.noticeBytes),
                    bans: try fields.list("bans", maximum: Limits.frameBanCount) {
                        (reader) throws(CBORError) in
                        try reader.fields(6) { (reader) throws(CBORError) in try RelayBan(from: &reader) }
                    }))
        case .removed:
            .removed(
                RelayRemoval(
                    how: try fields.kind("how", or: .other), by: try fields.text("by", size: 0...Limits.nameBytes),
                    reason: try fields.text("reason", size: 0...Limits.phraseBytes)))
        case .notice: .notice(try fields.text("text", size: 0...Limits.noticeBytes))
        case .topic:
            .topic(
                try fields.textOrNull("topic", maximumBytes: Limits.phraseBytes),
                by: try fields.text("by", size: 0...Limits.nameBytes))
        case .tunnel:
            .tunnel(try RelayTunnel(from: &fields), bytes: try fields.bytes("bytes", size: 0...Limits.tunnelBytes))
        case .tunnelClosed: .tunnelClosed(try RelayTunnel(from: &fields))
        case .declined:
            .declined(
                room: try fields.identifier("room"), ids: try fields.identifiers("ids", maximum: Limits.frameIDCount),
                why: try fields.kind("why", or: .other))
        case .hello, .announcement, .peers, .ping, .pong, .goodbye, .entries, .reconcile, .want, .have, .receipt,
            .gathering, .away, .authors, .digest, .advertise, .request, .advertisements:
            preconditionFailure("not a relay's frame")
        }
    }
}

extension FieldReader {
    /// Reads a Boolean encoded as 0 or 1.
    fileprivate mutating func flag(_ field: String) throws(WireError) -> Bool {
        try unsigned(field, in: 0...1) == 1
    }
}

extension RelayJoin {
    fileprivate init(from fields: inout FieldReader) throws(WireError) {
        self.init(
            name: try fields.text("name", size: 1...Limits.nameBytes), isStrict: try fields.flag("isStrict"),
            password: try fields.bytesOrNull("password", maximumBytes: Limits.passwordBytes),
            program: try fields.text("program", size: 0...Limits.programBytes))
    }
}

extension RelayWelcome {
    fileprivate init(from fields: inout FieldReader) throws(WireError) {
        self.init(
            name: try fields.text("name", size: 1...Limits.nameBytes),
            relayName: try fields.text("relayName", size: 1...Limits.nameBytes),
            isOperator: try fields.flag("isOperator"),
            topic: try fields.textOrNull("topic", maximumBytes: Limits.phraseBytes),
            messageOfTheDay: try fields.textOrNull("messageOfTheDay", maximumBytes: Limits.noticeBytes),
            rate: try fields.unsigned("rate"), burst: try fields.unsigned("burst"),
            historyFrom: try fields.unsigned("historyFrom", in: 0...Limits.lamport))
    }
}

extension RelayModeration {
    fileprivate init(from fields: inout FieldReader) throws(WireError) {
        self.init(
            number: try fields.unsigned("number"), act: try fields.kind("act", or: .other),
            target: try fields.text("target", size: 0...Limits.phraseBytes),
            text: try fields.text("text", size: 0...Limits.phraseBytes),
            seconds: try fields.unsignedOrNull("seconds", in: 0...Limits.banSeconds))
    }
}

extension RelayTunnel {
    fileprivate init(from fields: inout FieldReader) throws(WireError) {
        self.init(
            peer: try fields.identifier("peer"), number: try fields.unsigned("number"),
            isFromOpener: try fields.flag("isFromOpener"))
    }
}

extension RelayMember {
    /// Reads the five elements that this version knows.
    fileprivate init(from reader: inout CBORReader) throws(CBORError) {
        let peer: PeerID = try reader.identifier()
        let state = State(rawValue: UInt8(clamping: try reader.unsigned())) ?? .other
        let name = try reader.text(maximumBytes: Limits.nameBytes)
        // Bits of later versions have no effect here.
        let traits = UInt8(truncatingIfNeeded: try reader.unsigned())
        let away = reader.takeNull() ? nil : try reader.text(maximumBytes: Limits.awayBytes)
        self.init(peer: peer, state: state, name: name, traits: Traits(rawValue: traits), away: away)
    }
}

extension RelayBan {
    /// Reads the six elements that this version knows.
    fileprivate init(from reader: inout CBORReader) throws(CBORError) {
        let name = try reader.text(maximumBytes: Limits.phraseBytes)
        let peer: PeerID? = reader.takeNull() ? nil : try reader.identifier()
        let address = reader.takeNull() ? nil : try reader.text(maximumBytes: Limits.programBytes)
        let reason = try reader.text(maximumBytes: Limits.phraseBytes)
        let by = try reader.text(maximumBytes: Limits.nameBytes)
        let until = reader.takeNull() ? nil : try reader.unsigned()
        self.init(name: name, peer: peer, address: address, reason: reason, by: by, until: until)
    }
}
