import CoreModel
import PeerCore
import Secure
import Simulator
import Wire

/// A peer, and an unauthenticated peer with any number of links to it, driven by bytes.
struct PeerFuzzTarget {
    private static let own = Identity(seed: [UInt8](repeating: 1, count: 32))
    private static let stranger = Identity(seed: [UInt8](repeating: 2, count: 32))

    private var choices: Choices
    private var peer: Peer
    private let archive = MemoryArchive()
    private var random = RandomStream(simulationSeed: 7)
    private var channels: [LinkID: LiarChannel] = [:]
    private var links: [LinkID] = []
    private var lastLink: UInt64 = 1 << 63
    private var now = Instant(nanoseconds: 0)
    private let staticKey = NoiseKeyPair(privateKey: [UInt8](repeating: 3, count: 32))
    private var heard = CapturedTraffic()
    private var lamport: UInt64 = 1

    private static let operationCount = 200
    private static let outputCount = 10_000

    init(_ bytes: [UInt8]) {
        choices = Choices(bytes)
        // Both are valid, and an archive in memory does not fail.
        peer = try! Peer(
            configuration: PeerConfiguration(name: Nickname("ana")), identity: Self.own,
            random: RandomStream(simulationSeed: 1), archive: archive)
    }

    mutating func run() {
        tell(.started(linkPort: 47474, interfaces: []))
        for _ in 0..<Self.operationCount where !choices.isOver { operate() }
        // Whatever happened, time goes on, and the peer comes to rest between its deadlines.
        for _ in 0..<50 { passTime(.seconds(1)) }
    }

    // MARK: Choices

    private mutating func byte() -> UInt8 { choices.byte() }
    private mutating func number() -> UInt64 { choices.number() }
    private mutating func chunk() -> [UInt8] { choices.chunk() }
    private mutating func text() -> String { choices.text() }

    private mutating func link() -> LinkID? {
        links.isEmpty ? nil : links[Int(byte()) % links.count]
    }

    private mutating func operate() {
        let choice = byte()
        let path: DatagramPath = choice < 128 ? .multicast(interface: 2) : .unicast
        switch choice % 12 {
        case 0: passTime(.milliseconds(Int64(byte()) * 10))
        case 1: tell(.datagramReceived(chunk(), from: endpoint(), by: path))
        case 2: tell(.datagramReceived(announcement(), from: endpoint(), by: path))
        case 3: accept()
        case 4: if let link = link() { tell(.linkBytesReceived(link, chunk())) }
        case 5: if let link = link() { send(raw: chunk(), on: link) }
        case 6, 7, 8: if let link = link(), let frame = frame() { send(raw: frame.encoded(), on: link) }
        case 9: tell(.commanded(command(), token: CommandToken(number: 1)))
        case 10: close()
        case 11 where choice >= 192: tell(.neighbourSeen(endpoint().address))
        default: tell(byte() & 1 == 0 ? .resumed : .interfacesChanged(interfaces()))
        }
    }

    private mutating func endpoint() -> Endpoint {
        Endpoint(address: .v4(0x0A00_0000 | UInt32(byte())), port: UInt16(byte()) << 8 | 1)
    }

    private mutating func interfaces() -> [NetworkInterface] {
        let prefix = NetworkInterface.Prefix(address: .v4(UInt32(byte()) << 24 | 1), length: byte() % 33)
        return [NetworkInterface(index: 2, name: "eth0", isLoopback: false, addresses: [prefix])]
    }

    private mutating func announcement() -> [UInt8] {
        SignedAnnouncement(
            signing: Announcement(
                kind: Announcement.Kind(rawValue: byte() % 3) ?? .announce, peer: Self.stranger.peerID,
                instance: UInt64(byte()), sequence: number() % (Limits.lamport + 1),
                name: byte() & 1 == 0 ? "ana" : "bea",
                claimTime: number() % Limits.wallTime, linkPort: UInt16(byte()) + 1), by: Self.stranger
        ).bytes
    }

    private mutating func frame() -> Frame? {
        let room = byte() & 1 == 0 ? heard.lobby : heard.conversation(Self.own.peerID, Self.stranger.peerID)
        switch byte() % 14 {
        case 0: return .hello(announcement: announcement(), gathering: gathering(), away: nil)
        case 1: return .announcement(announcement())
        case 2: return .peers([Introduction(announcement: announcement(), endpoints: [endpoint()])])
        case 3: return statedFrame()
        case 4: return .goodbye(GoodbyeReason(rawValue: byte() % 5) ?? .full)
        case 5, 6: return .entries([entry(in: room)])
        case 7: return .reconcile(room: room, gathering: gathering(), message: chunk())
        case 8: return .want(room: room, ids: ids())
        case 9: return .have(room: room, ids: ids())
        case 10: return .receipt(room: room, ids: ids())
        case 11: return gathering().map { .gathering($0) }
        case 12:
            let author = byte() & 1 == 0 ? Self.stranger.peerID : Self.own.peerID
            return .authors(room: room, names: [AuthorName(peer: author, name: byte() & 1 == 0 ? "dora" : "a b")])
        default: return .away(byte() & 1 == 0 ? nil : "out")
        }
    }

    private mutating func statedFrame() -> Frame {
        let process = heard.processes.last ?? ProcessTag(number: number())
        switch byte() % 6 {
        case 0: return .digest(heard.digest ?? [UInt64](repeating: number(), count: Limits.digestSumCount))
        case 1: return .advertise([AdvertisementKey(process: process, sequence: number())])
        case 2: return .request([process])
        case 3:
            let bytes = [byte()] + chunk().prefix(Limits.advertisementBytes - 1)
            return .advertisements([AdvertisedPeer(advertisement: bytes, endpoints: [endpoint()])])
        case 4:
            guard let announcement = try? SignedAnnouncement(parsing: announcement()) else { return .ping(0) }
            let links = Set([process, ProcessTag(number: number())]).sorted()
            let advertisement = LinkStateAdvertisement(
                sequence: number(), announcement: announcement.bytes, away: nil, links: links)
            let signed = SignedAdvertisement(signing: advertisement, announcement: announcement, by: Self.stranger)
            return .advertisements([AdvertisedPeer(advertisement: signed.bytes, endpoints: [endpoint()])])
        default: return .ping(number())
        }
    }

    private mutating func gathering() -> GatheringID? {
        let first = byte()
        return first == 0 ? nil : GatheringID([UInt8](repeating: first, count: 32))
    }

    private mutating func ids() -> [EntryID] {
        let strange = EntryID([UInt8](repeating: byte(), count: 32))
        return Array(heard.entryIDs.suffix(Int(byte() % 32))) + [strange].compactMap(\.self)
    }

    private mutating func entry(in room: RoomID) -> [UInt8] {
        lamport = byte() & 15 == 0 ? number() % Limits.lamport + 1 : min(lamport + 1, Limits.lamport)
        let entry = Entry(
            room: room, author: Self.stranger.peerID, lamport: lamport, wallTime: number() % Limits.wallTime,
            parents: Array(Set(ids().suffix(3))).sorted(), kind: .text, body: "x\(byte())")
        let signed = SignedEntry(signing: entry, by: Self.stranger)
        heard.frame(.entries([signed.bytes]))
        return signed.bytes
    }

    private mutating func command() -> Command {
        let name = byte() & 1 == 0 ? "\(Self.stranger.peerID)" : "bea"
        switch byte() % 10 {
        case 0, 1: return .say(text: text(), kind: .text, room: nil)
        case 2, 3: return .tell(to: name, text: text(), kind: .action)
        case 4: return .nick(text())
        case 5: return .away(byte() & 1 == 0 ? nil : text())
        case 6: return .block(name)
        case 7: return .unblock(name)
        case 8: return .history(room: RoomName(text()), limit: Int(byte()))
        default:
            let (words, limit) = (text(), Int(byte()))
            return limit % 4 == 3 ? .converse(with: name) : .search(words: words, limit: limit)
        }
    }

    // MARK: Events

    private mutating func passTime(_ duration: Duration) {
        let end = now + duration
        var rounds = 0
        while let deadline = peer.nextDeadline, deadline.at <= end {
            now = max(deadline.at, now + .microseconds(1))
            tell(.deadlineReached)
            rounds += 1
            precondition(rounds < 5_000, "the peer never comes to rest")
        }
        now = max(now, end)
    }

    private mutating func accept() {
        guard links.count < 8 else { return }
        lastLink += 1
        let link = LinkID(number: lastLink)
        let key = NoiseKeyPair(privateKey: random.bytes(32))
        var channel = LiarChannel(.initiator, Self.stranger, staticKey, key)
        let first = channel.begin()
        channels[link] = channel
        links.append(link)
        tell(.linkAccepted(link, from: endpoint()))
        if let first { tell(.linkBytesReceived(link, first)) }
    }

    private mutating func close() {
        guard let link = link() else { return }
        ended(link)
        tell(.linkClosed(link, .closedByPeer))
    }

    private mutating func ended(_ link: LinkID) {
        channels[link] = nil
        links.removeAll { $0 == link }
    }

    private mutating func send(raw frame: [UInt8], on link: LinkID) {
        guard let bytes = channels[link]?.seal(encoded: frame) else { return }
        tell(.linkBytesReceived(link, bytes))
    }

    private mutating func tell(_ input: Input) {
        peer.handle(
            input, at: now, wall: WallTime(milliseconds: 1_767_225_600_000 &+ UInt64(now.nanoseconds / 1_000_000)))
        // An archive in memory does not fail.
        try! archive.commit()
        var (count, answers, closed) = (0, [Input](), [LinkID]())
        while let output = peer.nextOutput() {
            count += 1
            precondition(count < Self.outputCount, "one input leads to endless outputs")
            switch output {
            case .sendOnLink(let link, let bytes):
                guard let received = try? channels[link]?.received(bytes), !received.answer.isEmpty else { continue }
                answers.append(.linkBytesReceived(link, received.answer))
            case .openLink(let link, _, _): answers.append(.linkClosed(link, .refused))
            // Some links are never read.
            case .awaitDrained(let link): if link.number % 4 != 3 { answers.append(.linkDrained(link)) }
            case .closeLink(let link, _): closed.append(link)
            default: break
            }
        }
        for link in closed {
            ended(link)
            answers.append(.linkClosed(link, .closedByUs))
        }
        for answer in answers { tell(answer) }
    }
}
