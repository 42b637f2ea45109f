import CoreModel
import JSON
import LocalNetwork
import RelayCore
import Secure
import Simulator
import Wire

/// A relay with members that send anything, guests that type anything, and an operator that reconfigures it, driven by
/// bytes.
struct RelayFuzzTarget {
    private struct Member {
        let identity: Identity
        let link: LinkID
        var channel: LiarChannel
        /// The members present, as reported by the relay.
        var roster: [PeerID: RelayMember] = [:]
        var isWelcome = false
    }

    private static let own = Identity(seed: [UInt8](repeating: 1, count: 32))
    private static let identities = (2...5).map { Identity(seed: [UInt8](repeating: $0, count: 32)) }
    private static let room =
        RoomID(SHA256.hash(Array("earshot relay lobby v1".utf8) + own.peerID.bytes)) ?? .least
    private static let operationCount = 200
    private static let outputCount = 10_000
    private static let linkCount = 10

    private var choices: Choices
    private var relay: Relay
    private let archive = MemoryArchive()
    private var random = RandomStream(simulationSeed: 7)
    private var members: [Member] = []
    private var guests: [LinkID] = []
    /// The links that the relay has closed: nothing more may be sent on them.
    private var closed: Set<LinkID> = []
    private var lastLink: UInt64 = 1 << 63
    private var now = Instant(nanoseconds: 0)
    private var heard = CapturedTraffic()
    private var lamport: UInt64 = 1
    private var isFinished = false

    init(_ bytes: [UInt8]) {
        choices = Choices(bytes)
        // Both are valid, and an archive in memory does not fail.
        relay = try! Relay(
            configuration: RelayConfiguration(name: Nickname("hub")), identity: Self.own,
            random: RandomStream(simulationSeed: 1), archive: archive)
    }

    mutating func run() {
        tell(.started(linkPort: 47475, interfaces: []))
        for _ in 0..<Self.operationCount where !choices.isOver && !isFinished { operate() }
        for _ in 0..<40 where !isFinished { passTime(.seconds(1)) }
        checkRosters()
    }

    private mutating func operate() {
        switch choices.byte() % 16 {
        case 0: passTime(.milliseconds(Int64(choices.byte()) * 40))
        case 1: accept()
        case 2: acceptGuest()
        case 3: if let member = member() { tell(.linkBytesReceived(members[member].link, choices.chunk())) }
        case 4: if let member = member() { send(choices.chunk(), member) }
        case 5, 6, 7: if let member = member() { send(frame(of: members[member]).encoded(), member) }
        case 8, 9: if let member = member() { join(member) }
        case 10: type(choices.chunk())
        case 11, 12: type(line() + [0x0A])
        case 13: close()
        case 14: relay.configure(configuration())
        default: command()
        }
    }

    // MARK: Links

    private mutating func member() -> Int? { members.isEmpty ? nil : choices.index(below: members.count) }

    private mutating func endpoint() -> Endpoint {
        Endpoint(address: .v4(0x0A00_0000 | UInt32(choices.byte() % 4)), port: 40_000)
    }

    private mutating func accept() {
        guard members.count + guests.count < Self.linkCount else { return }
        lastLink += 1
        let link = LinkID(number: lastLink)
        let identity = Self.identities[choices.index(below: Self.identities.count)]
        var channel = LiarChannel(
            .initiator, identity, NoiseKeyPair(privateKey: random.bytes(32)),
            NoiseKeyPair(privateKey: random.bytes(32)))
        let first = channel.begin()
        members.append(Member(identity: identity, link: link, channel: channel))
        tell(.linkAccepted(link, from: endpoint()))
        if let first, !closed.contains(link) { tell(.linkBytesReceived(link, first)) }
    }

    private mutating func acceptGuest() {
        guard members.count + guests.count < Self.linkCount else { return }
        lastLink += 1
        let link = LinkID(number: lastLink | LinkID.firstGuest)
        guests.append(link)
        tell(.linkAccepted(link, from: endpoint()))
    }

    private mutating func close() {
        let links = members.map(\.link) + guests
        guard !links.isEmpty else { return }
        let ends: [LinkEnd] = [.closedByPeer, .failed("reset")]
        let link = links[choices.index(below: links.count)]
        let end = ends[choices.index(below: 2)]
        ended(link)
        tell(.linkClosed(link, end))
    }

    private mutating func ended(_ link: LinkID) {
        members.removeAll { $0.link == link }
        guests.removeAll { $0 == link }
    }

    private mutating func send(_ frame: [UInt8], _ number: Int) {
        guard members.indices.contains(number), let bytes = members[number].channel.seal(encoded: frame) else { return }
        tell(.linkBytesReceived(members[number].link, bytes))
    }

    // MARK: Members

    private mutating func join(_ number: Int) {
        let identity = members[number].identity
        let announcement = SignedAnnouncement(
            signing: Announcement(
                kind: .announce, peer: identity.peerID, instance: 1, sequence: 1, name: "ana", claimTime: 1,
                linkPort: 1),
            by: identity)
        let link = members[number].link
        send(Frame.hello(announcement: announcement.bytes, gathering: nil, away: nil).encoded(), number)
        let name = name()
        let password: [UInt8]? = choices.byte() % 4 == 0 ? Array("sesame".utf8) : choices.flag() ? [1] : nil
        let join = Frame.join(RelayJoin(name: name, isStrict: choices.flag(), password: password, program: "x"))
        if let place = members.firstIndex(where: { $0.link == link }) { send(join.encoded(), place) }
    }

    private mutating func name() -> String {
        let kind = choices.byte() % 8
        return kind == 7 ? word() : ["ana", "Ana", "bea", "hub", "ana-2", "x*", "y"][Int(kind)]
    }

    /// Returns a word as short as in well-formed frames; raw frames contain longer ones.
    private mutating func word() -> String {
        // Each byte of invalid UTF-8 becomes three.
        String(decoding: choices.chunk().prefix(Limits.nameBytes / 3), as: UTF8.self)
    }

    private mutating func target() -> String {
        switch choices.byte() % 4 {
        case 0: "\(Self.identities[choices.index(below: Self.identities.count)].peerID)"
        case 1: word()
        default: name()
        }
    }

    private mutating func frame(of member: Member) -> Frame {
        let other = Self.identities[choices.index(below: Self.identities.count)].peerID
        let room = choices.byte() % 4 == 0 ? heard.conversation(member.identity.peerID, other) : Self.room
        switch choices.byte() % 16 {
        case 0, 1, 2: return .entries([entry(in: room, by: member.identity)])
        case 3: return .reconcile(room: room, gathering: nil, message: choices.chunk())
        case 4: return .want(room: room, ids: ids())
        case 5: return .have(room: room, ids: ids())
        case 6: return .away(choices.flag() ? nil : "out")
        case 7, 8, 9, 10:
            let acts = RelayModeration.Act.allCases
            return .moderate(
                RelayModeration(
                    number: choices.number(), act: acts[choices.index(below: acts.count)], target: target(),
                    text: choices.flag() ? "sesame" : word(),
                    seconds: choices.flag() ? choices.number() : nil))
        case 11, 12:
            let tunnel = RelayTunnel(peer: other, number: choices.number(), isFromOpener: choices.flag())
            return choices.flag() ? .tunnel(tunnel, bytes: choices.chunk()) : .tunnelClosed(tunnel)
        case 13: return .ping(choices.number())
        case 14: return .goodbye(GoodbyeReason(rawValue: choices.byte() % 5) ?? .full)
        default: return choices.flag() ? .notice("x") : .gathering(.least)
        }
    }

    private mutating func ids() -> [EntryID] {
        let strange = EntryID([UInt8](repeating: choices.byte(), count: 32)) ?? .least
        return Array(heard.entryIDs.suffix(choices.index(below: 32))) + [strange]
    }

    private mutating func entry(in room: RoomID, by identity: Identity) -> [UInt8] {
        if choices.byte() % 8 == 0, let other = heard.entries.last { return other }
        let isFar = choices.byte() % 16 == 0
        lamport = isFar ? choices.number() % Limits.lamport + 1 : min(lamport + 1, Limits.lamport)
        let entry = Entry(
            room: room, author: identity.peerID, lamport: lamport, wallTime: choices.number() % Limits.wallTime,
            parents: Array(Set(ids().suffix(3))).sorted(), kind: .text, body: "x\(choices.byte())")
        let signed = SignedEntry(signing: entry, by: identity)
        heard.frame(.entries([signed.bytes]))
        return signed.bytes
    }

    // MARK: Guests

    private mutating func type(_ bytes: [UInt8]) {
        guard !guests.isEmpty else { return }
        tell(.linkBytesReceived(guests[choices.index(below: guests.count)], bytes))
    }

    private mutating func line() -> [UInt8] {
        switch choices.byte() % 8 {
        case 0: Array("/who".utf8)
        case 1: Array("/nick \(name())".utf8)
        case 2, 3: Array("/msg \(target()) hello".utf8)
        case 4: Array("/quit".utf8)
        case 5: Array("sesame".utf8)
        case 6: Array(name().utf8)
        default: choices.chunk()
        }
    }

    // MARK: The operator

    private mutating func configuration() -> RelayConfiguration {
        // The name is valid.
        var configuration = RelayConfiguration(name: (try? Nickname(name())) ?? (try! Nickname("hub")))
        let password = PasswordCheck(tag: [choices.byte()]) { $0 == Array("sesame".utf8) }
        let kinds = choices.byte()
        if kinds & 1 != 0 { configuration.roomPassword = password }
        if kinds & 2 != 0 { configuration.operatorPassword = password }
        if kinds & 4 != 0 { configuration.allowedPeers = Self.identities.prefix(2).map(\.peerID) }
        if kinds & 8 != 0 { configuration.operators = [Self.identities[0].peerID] }
        if kinds & 16 != 0 { configuration.messageOfTheDay = choices.text() }
        if kinds & 32 != 0 {
            configuration.limits.memberCount = choices.index(below: 5)
            configuration.limits.messageRate = Double(choices.byte())
            configuration.limits.messageBurst = choices.index(below: 20)
            configuration.limits.waitingMessageCount = choices.index(below: 20)
            configuration.limits.connectionsPerAddress = choices.index(below: 8)
            configuration.limits.tunnelByteRate = Double(choices.byte())
            configuration.limits.tunnelByteBurst = choices.index(below: 255)
            configuration.limits.guestCount = choices.index(below: 3)
        }
        configuration.historyCount = 1 + choices.index(below: 30)
        configuration.keptBytes = 1_000 * (1 + choices.index(below: 30))
        configuration.newcomerHistoryCount = 1 + choices.index(below: 30)
        return configuration
    }

    private mutating func command() {
        switch choices.byte() % 8 {
        case 0 where choices.byte() % 8 == 0:
            isFinished = true
            tell(.commanded(.quit(afterReceipts: false), token: nil))
        case 1: tell(.commanded(.bans, token: CommandToken(number: 1)))
        default: tell(.commanded(.who, token: CommandToken(number: 1)))
        }
    }

    // MARK: Events

    private mutating func passTime(_ duration: Duration) {
        let end = now + duration
        var rounds = 0
        while let deadline = relay.nextDeadline, deadline.at <= end {
            now = max(deadline.at, now + .microseconds(1))
            tell(.deadlineReached)
            rounds += 1
            precondition(rounds < 5_000, "the relay never comes to rest")
        }
        now = max(now, end)
    }

    private mutating func tell(_ input: Input) {
        relay.handle(
            input, at: now, wall: WallTime(milliseconds: 1_767_225_600_000 &+ UInt64(now.nanoseconds / 1_000_000)))
        // An archive in memory does not fail.
        try! archive.commit()
        var (count, answers, ends) = (0, [Input](), [LinkID]())
        while let output = relay.nextOutput() {
            count += 1
            precondition(count < Self.outputCount, "one input leads to endless outputs")
            switch output {
            case .sendOnLink(let link, let bytes):
                FuzzTarget.require(!closed.contains(link), "data is sent on a closed link")
                if let answer = received(bytes, on: link) { answers.append(.linkBytesReceived(link, answer)) }
            // Some links are never read.
            case .awaitDrained(let link): if link.number % 4 != 3 { answers.append(.linkDrained(link)) }
            case .closeLink(let link, _):
                closed.insert(link)
                ends.append(link)
            case .openLink, .multicast, .sendDatagram, .findHost:
                preconditionFailure("a relay never requests this")
            case .notify, .note, .finished: break
            }
        }
        for link in ends {
            ended(link)
            tell(.linkClosed(link, .closedByUs))
        }
        for answer in answers {
            switch answer {
            case .linkBytesReceived(let link, _), .linkDrained(let link): if !closed.contains(link) { tell(answer) }
            default: break
            }
        }
    }

    /// Handles the bytes that the relay sends on a link.
    /// - Returns: The bytes that the handshake answers.
    private mutating func received(_ bytes: [UInt8], on link: LinkID) -> [UInt8]? {
        if link.isGuest {
            // Nothing moves a guest's cursor, and no line is torn.
            FuzzTarget.require(
                bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0D || $0 == 0x0A }, "a guest gets a control")
            FuzzTarget.require(String(validating: bytes, as: UTF8.self) != nil, "a guest gets invalid UTF-8")
            return nil
        }
        guard let place = members.firstIndex(where: { $0.link == link }) else { return nil }
        // Raw bytes may have broken the handshake.
        guard let received = try? members[place].channel.received(bytes) else { return nil }
        for frame in received.frames {
            heard.frame(frame)
            if case .welcome = frame { members[place].isWelcome = true }
            guard case .members(let told) = frame else { continue }
            if told.isFresh { members[place].roster = [:] }
            for change in told.changes {
                members[place].roster[change.peer] = change.state == .here ? change : nil
            }
        }
        return received.answer.isEmpty ? nil : received.answer
    }

    /// Checks that all members have received the same roster, and that names are unique.
    private func checkRosters() {
        guard !isFinished else { return }
        var first: [PeerID: String]?
        for member in members where member.isWelcome {
            let names = member.roster.mapValues(\.name)
            FuzzTarget.require(first == nil || first == names, "members have different rosters")
            let folded = names.values.compactMap { try? Nickname($0).folded }
            FuzzTarget.require(Set(folded).count == names.count, "two members have one name")
            first = names
        }
    }
}
