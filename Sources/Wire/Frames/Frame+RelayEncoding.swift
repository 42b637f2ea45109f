extension Frame {
    func writeOfRelay(to writer: inout CBORWriter) {
        switch self {
        case .join(let join): writer.join(join)
        case .welcome(let welcome): writer.welcome(welcome)
        case .refusal(let refusal):
            writer.begin(.refusal, fieldCount: 3)
            writer.unsigned(UInt64(refusal.code.rawValue))
            writer.text(refusal.reason, within: Limits.phraseBytes)
            writer.numberOrNull(refusal.retryAfter)
        case .members(let members): writer.members(members)
        case .moderate(let moderation):
            writer.begin(.moderate, fieldCount: 5)
            writer.unsigned(moderation.number)
            writer.unsigned(UInt64(moderation.act.rawValue))
            writer.text(moderation.target, within: Limits.phraseBytes)
            writer.text(moderation.text, within: Limits.phraseBytes)
            writer.numberOrNull(moderation.seconds)
        case .moderated(let moderated): writer.moderated(moderated)
        case .removed(let removal):
            writer.begin(.removed, fieldCount: 3)
            writer.unsigned(UInt64(removal.how.rawValue))
            writer.text(removal.by, within: Limits.nameBytes)
            writer.text(removal.reason, within: Limits.phraseBytes)
        case .notice(let text):
            writer.begin(.notice, fieldCount: 1)
            writer.text(text, within: Limits.noticeBytes)
        case .topic(let topic, let by):
            writer.begin(.topic, fieldCount: 2)
            writer.textOrNull(topic, within: Limits.phraseBytes)
            writer.text(by, within: Limits.nameBytes)
        case .tunnel(let tunnel, let bytes):
            precondition(bytes.count <= Limits.tunnelBytes, "a tunnel's frame has at most 32 KiB")
            writer.tunnel(.tunnel, tunnel, more: 1)
            writer.bytes(bytes)
        case .tunnelClosed(let tunnel):
            writer.tunnel(.tunnelClosed, tunnel, more: 0)
        case .declined(let room, let ids, let why):
            writer.roomAndIDs(.declined, room, ids, more: 1)
            writer.unsigned(UInt64(why.rawValue))
        case .hello, .announcement, .peers, .ping, .pong, .goodbye, .entries, .reconcile, .want, .have, .receipt,
            .gathering, .away, .authors, .digest, .advertise, .request, .advertisements:
            preconditionFailure("not a relay's frame")
        }
    }
}

extension CBORWriter {
    fileprivate mutating func join(_ join: RelayJoin) {
        begin(.join, fieldCount: 4)
        text(join.name, within: Limits.nameBytes)
        flag(join.isStrict)
        if let password = join.password {
            precondition(password.count <= Limits.passwordBytes, "a password has at most 256 bytes")
            bytes(password)
        } else {
            null()
        }
        text(join.program, within: Limits.programBytes)
    }

    fileprivate mutating func welcome(_ welcome: RelayWelcome) {
        begin(.welcome, fieldCount: 8)
        text(welcome.name, within: Limits.nameBytes)
        text(welcome.relayName, within: Limits.nameBytes)
        flag(welcome.isOperator)
        textOrNull(welcome.topic, within: Limits.phraseBytes)
        textOrNull(welcome.messageOfTheDay, within: Limits.noticeBytes)
        unsigned(welcome.rate)
        unsigned(welcome.burst)
        unsigned(welcome.historyFrom)
    }

    fileprivate mutating func members(_ members: RelayMembers) {
        precondition(members.changes.count <= Limits.frameMemberCount, "a frame has at most 1,024 members")
        begin(.members, fieldCount: 2)
        flag(members.isFresh)
        array(count: members.changes.count)
        for member in members.changes {
            array(count: 5)
            identifier(member.peer)
            unsigned(UInt64(member.state.rawValue))
            text(member.name, within: Limits.nameBytes)
            unsigned(UInt64(member.traits.rawValue))
            textOrNull(member.away, within: Limits.awayBytes)
        }
    }

    fileprivate mutating func moderated(_ moderated: RelayModerated) {
        precondition(moderated.bans.count <= Limits.frameBanCount, "a frame has at most 32 bans")
        begin(.moderated, fieldCount: 4)
        unsigned(moderated.number)
        unsigned(UInt64(moderated.outcome.rawValue))
        text(moderated.text, within: Limits.noticeBytes)
        array(count: moderated.bans.count)
        for ban in moderated.bans {
            array(count: 6)
            text(ban.name, within: Limits.phraseBytes)
            if let peer = ban.peer { identifier(peer) } else { null() }
            textOrNull(ban.address, within: Limits.programBytes)
            text(ban.reason, within: Limits.phraseBytes)
            text(ban.by, within: Limits.nameBytes)
            numberOrNull(ban.until)
        }
    }

    fileprivate mutating func tunnel(_ type: Frame.TypeNumber, _ tunnel: RelayTunnel, more: Int) {
        begin(type, fieldCount: 3 + more)
        identifier(tunnel.peer)
        unsigned(tunnel.number)
        flag(tunnel.isFromOpener)
    }

    /// Writes a Boolean as 0 or 1.
    private mutating func flag(_ isSet: Bool) { unsigned(isSet ? 1 : 0) }

    fileprivate mutating func text(_ value: String, within maximumBytes: Int) {
        precondition(value.utf8.count <= maximumBytes, "a text of at most \(maximumBytes) bytes")
        text(value)
    }

    fileprivate mutating func textOrNull(_ value: String?, within maximumBytes: Int) {
        if let value { text(value, within: maximumBytes) } else { null() }
    }

    fileprivate mutating func numberOrNull(_ value: UInt64?) {
        if let value { unsigned(value) } else { null() }
    }
}
