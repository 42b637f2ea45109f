import CoreModel
import RelayCore
import Secure
import Wire

/// A hostile neighbour: it speaks the protocol correctly and lies in it. Its messages are well-formed, and properly
/// sealed and signed where only its own key is needed; it forges, replays, back-dates, contradicts itself and floods.
/// At some time it stops and leaves.
struct Liar: Core {
    private struct Line {
        var channel: LiarChannel
        var peer: PeerID?
    }

    let identity: Identity
    let end: Instant
    var random: RandomStream
    var heard = CapturedTraffic()
    private let staticKey: NoiseKeyPair
    private let instance: UInt64
    /// Whether it also takes part in the link-state exchange of big LANs.
    let hasStatements: Bool
    var sequence: UInt64 = 1_767_225_600_000
    private var lines: [LinkID: Line] = [:]
    /// The open links, in the order in which they are visited.
    private var open: [LinkID] = []
    private var nextLink: UInt64 = 1
    private var outputs: [Output] = []
    private var nextLie: Instant?
    private var isOver = false

    /// - Parameters:
    ///   - end: The time at which it stops.
    ///   - hasStatements: Whether it also lies about links between peers.
    init(identity: Identity, random: RandomStream, until end: Instant, hasStatements: Bool = false) {
        var random = random
        self.identity = identity
        self.end = end
        self.hasStatements = hasStatements
        staticKey = identity.linkKey(of: random.bytes(32))
        instance = random.next() | 1
        self.random = random
    }

    var nextDeadline: Deadline? { nextLie.map { Deadline(at: $0, reason: "a lie") } }

    mutating func nextOutput() -> Output? { outputs.isEmpty ? nil : outputs.removeFirst() }

    mutating func handle(_ input: Input, at now: Instant, wall: WallTime) {
        guard !isOver else { return }
        switch input {
        case .started: nextLie = now + .milliseconds(100)
        // Its own multicast comes back on another interface as well, and is handled there.
        case .datagramReceived(_, _, .multicast(interface: 1)): break
        case .datagramReceived(let bytes, let source, _): heard.datagram(bytes, from: source, except: identity.peerID)
        case .linkAccepted(let link, _):
            let key = identity.linkKey(of: random.bytes(32))
            lines[link] = Line(channel: LiarChannel(.responder, identity, staticKey, key))
            open.append(link)
        case .linkOpened(let link):
            if let bytes = lines[link]?.channel.begin() { outputs.append(.sendOnLink(link, bytes)) }
        case .linkBytesReceived(let link, let bytes): received(bytes, on: link)
        case .linkClosed(let link, _):
            lines[link] = nil
            open.removeAll { $0 == link }
        case .deadlineReached:
            if now >= end { return giveUp() }
            lie(at: now, wall: wall)
            nextLie = now + .milliseconds(Int64(20 + random.uniform(below: 400)))
        case .interfacesChanged, .neighbourSeen, .obstaclesChanged, .resumed, .commanded, .hostFound, .linkDrained:
            break
        }
    }

    private mutating func giveUp() {
        isOver = true
        nextLie = nil
        outputs.append(.multicast(announcement(.goodbye).bytes))
        for link in open { outputs.append(.closeLink(link, abruptly: true)) }
        outputs.append(.finished(.done))
    }

    // MARK: Links

    private mutating func received(_ bytes: [UInt8], on link: LinkID) {
        guard var line = lines[link] else { return }
        do {
            let received = try line.channel.received(bytes)
            if !received.answer.isEmpty { outputs.append(.sendOnLink(link, received.answer)) }
            line.peer = received.peer ?? line.peer
            lines[link] = line
            if received.peer != nil { send([hello()], on: link) }
            for frame in received.frames { heard.frame(frame) }
        } catch {
            outputs.append(.closeLink(link, abruptly: true))
        }
    }

    private func hello() -> Frame {
        .hello(announcement: heard.ownAnnouncement, gathering: heard.gathering, away: nil)
    }

    private mutating func send(_ frames: [Frame], on link: LinkID) {
        guard let bytes = lines[link]?.channel.seal(frames) else { return }
        outputs.append(.sendOnLink(link, bytes))
    }

    private mutating func dial() {
        guard let endpoint = any(of: heard.endpoints), open.count < 64 else { return }
        let link = LinkID(number: nextLink)
        nextLink += 1
        let key = identity.linkKey(of: random.bytes(32))
        lines[link] = Line(channel: LiarChannel(.initiator, identity, staticKey, key))
        open.append(link)
        outputs.append(.openLink(link, to: endpoint, from: .any))
    }

    // MARK: Lies

    func any<Element>(of list: [Element], _ random: inout RandomStream) -> Element? {
        list.isEmpty ? nil : list[Int(random.uniform(below: UInt64(list.count)))]
    }

    mutating func any<Element>(of list: [Element]) -> Element? { any(of: list, &random) }

    private mutating func announcement(_ kind: Announcement.Kind) -> SignedAnnouncement {
        sequence += 1
        let name = any(of: heard.names) ?? "liar"
        let signed = SignedAnnouncement(
            signing: Announcement(
                kind: kind, peer: identity.peerID, instance: instance, sequence: sequence, name: name,
                claimTime: random.unit() < 0.5 ? 0 : random.next() >> 20, linkPort: 47474), by: identity)
        heard.ownAnnouncement = signed.bytes
        return signed
    }

    private mutating func lie(at now: Instant, wall: WallTime) {
        if heard.ownAnnouncement.isEmpty { outputs.append(.multicast(announcement(.announce).bytes)) }
        if random.unit() < 0.3 { lieByDatagram() }
        if random.unit() < 0.2 || open.isEmpty { dial() }
        let linked = open.filter { lines[$0]?.peer != nil }
        guard let link = any(of: linked), let victim = lines[link]?.peer else { return }
        let frames = (0...random.uniform(below: 3)).compactMap { _ in framedLie(to: victim, wall: wall) }
        send(frames, on: link)
        if random.unit() < 0.05 { outputs.append(.closeLink(link, abruptly: random.unit() < 0.5)) }
    }

    private mutating func lieByDatagram() {
        switch random.uniform(below: 5) {
        case 0: outputs.append(.multicast(announcement(random.unit() < 0.2 ? .goodbye : .announce).bytes))
        // Replayed, unchanged or with the signature of another.
        case 1: if let bytes = any(of: heard.datagrams) { outputs.append(.multicast(bytes)) }
        case 2:
            guard let one = any(of: heard.datagrams), let other = any(of: heard.datagrams) else { return }
            outputs.append(.multicast(one.dropLast(64) + other.suffix(64)))
        default:
            // A peer that does not exist, at the address of one that does.
            let invented = Identity(seed: random.bytes(Identity.seedBytes), signing: identity.signing)
            let announcement = Announcement(
                kind: .announce, peer: invented.peerID, instance: random.next() | 1, sequence: random.next() >> 12,
                name: any(of: heard.names) ?? "nobody", claimTime: 0, linkPort: 47474)
            outputs.append(.multicast(SignedAnnouncement(signing: announcement, by: invented).bytes))
        }
    }

    private mutating func framedLie(to victim: PeerID, wall: WallTime) -> Frame? {
        if hasStatements, random.unit() < 0.4, let lie = statedLie() { return lie }
        let room = random.unit() < 0.7 ? heard.lobby : heard.conversation(identity.peerID, victim)
        let strangeIDs = (0..<3).compactMap { _ in EntryID(random.bytes(32)) }
        let ids = heard.entryIDs.suffix(20) + strangeIDs
        switch random.uniform(below: 13) {
        case 0: return .announcement(announcement(random.unit() < 0.3 ? .probe : .announce).bytes)
        case 1: return .gathering(GatheringID(random.bytes(32)) ?? .least)
        case 2, 3, 4: return .entries([entry(in: room, wall: wall)])
        case 5: return any(of: heard.entries).map { .entries([$0]) }
        case 6: return .have(room: room, ids: Array(ids))
        case 7: return .want(room: room, ids: Array(ids))
        case 8: return .receipt(room: heard.conversation(identity.peerID, victim), ids: Array(ids))
        case 9: return .away(random.unit() < 0.5 ? "at \(random.uniform(below: 100))" : nil)
        case 10: return introductions()
        case 11:
            let names = heard.peers.map { AuthorName(peer: $0, name: "liar\(random.uniform(below: 9))") }
            return .authors(room: room, names: names)
        default: return random.unit() < 0.1 ? hello() : .ping(random.next())
        }
    }

    /// Returns an entry signed by the liar that is as wrong as possible: far ahead, back-dated, with parents that never
    /// existed, or with a time that was used before.
    private mutating func entry(in room: RoomID, wall: WallTime) -> [UInt8] {
        let greatest = heard.lamport
        let lamport: UInt64
        switch random.uniform(below: 6) {
        case 0: lamport = 1
        case 1: lamport = greatest &+ 999_980 &+ random.uniform(below: 40)
        case 2: lamport = Limits.lamport - random.uniform(below: 2)
        default: lamport = greatest &+ random.uniform(below: 3)
        }
        let parents = Set(
            (0..<random.uniform(below: 3)).compactMap { _ in
                random.unit() < 0.5 ? EntryID(random.bytes(32)) : any(of: heard.entryIDs)
            })
        let entry = Entry(
            room: room, author: identity.peerID, lamport: min(max(lamport, 1), Limits.lamport),
            wallTime: random.unit() < 0.5 ? 0 : wall.milliseconds, parents: parents.sorted(), kind: .text,
            body: "a lie #\(random.uniform(below: 1_000_000))")
        let signed = SignedEntry(signing: entry, by: identity)
        if random.unit() < 0.9 { return signed.bytes }
        // Allegedly signed by another author.
        guard let victim = any(of: heard.peers) else { return signed.bytes }
        var forged = entry
        forged.author = victim
        let payload = forged.encoded()
        return Envelope(payload: payload, signature: identity.sign(payload, for: .entry)).bytes
    }

    /// Returns true announcements with false addresses.
    private mutating func introductions() -> Frame {
        let list = (0..<4).compactMap { _ -> Introduction? in
            guard let bytes = any(of: heard.datagrams) else { return nil }
            let endpoint = Endpoint(address: .v4(0x0A00_0000 | UInt32(random.uniform(below: 64))), port: 47474)
            return Introduction(announcement: bytes, endpoints: [any(of: heard.endpoints) ?? endpoint, endpoint])
        }
        return .peers(list)
    }
}
