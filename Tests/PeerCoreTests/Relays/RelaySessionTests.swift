import Secure
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A relay that sends exactly the frames of a test, and a peer that is its member.
final class ScriptedRelay {
    var peer: Peer
    let own: Identity
    /// The identity of the relay; a test may replace it at the same address.
    var relay: Identity
    /// The certificate that the relay shows, and by how much the clock of the peer is ahead.
    var certified: (certificate: [UInt8]?, clockOffset: Duration)
    let archive: MemoryArchive
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    var events: [Event] = []
    var exit: CoreModel.ExitStatus?
    /// The frames that arrived on the latest link.
    var frames: [Frame] = []
    private(set) var link: LinkID?
    private(set) var dials = 0
    private var channel: Channel
    private var random: RandomStream
    /// The host names that the peer wanted looked up.
    var sought: [String] = []
    /// Down: connections are refused. Deaf: nothing is read.
    enum Health { case well, down, sendOnly }
    var health = Health.well

    static let endpoint = Endpoint(address: .v4(0x0A00_0001), port: 47475)

    init(
        fingerprint: PeerID? = nil, isAlone: Bool = true, isFound: Bool = true,
        archive: MemoryArchive = MemoryArchive(), relay: Identity? = nil, certificate: [UInt8]? = nil,
        further: [RelayTarget] = [], seed: UInt64 = 1
    ) throws {
        random = RandomStream(simulationSeed: seed)
        own = Identity(seed: RandomStream.seed(1))
        let drawn = Identity(seed: random.bytes(32))
        self.relay = relay ?? drawn
        certified = (certificate, .zero)
        self.archive = archive
        var configuration = PeerConfiguration(name: try Nickname("ana"))
        configuration.usesMulticast = !isAlone
        configuration.relays = [
            RelayTarget(
                address: "hub.example:47475", endpoints: isFound ? [Self.endpoint] : [],
                host: .init(name: "hub.example", port: 47475), fingerprint: fingerprint, password: Array("secret".utf8))
        ]
        configuration.relays += further
        channel = Channel(closed: ())
        peer = try Peer(
            configuration: configuration, identity: own, random: RandomStream(simulationSeed: seed + 1),
            archive: archive)
    }

    func start() { tell(.started(linkPort: 47474, interfaces: [])) }

    func tell(_ input: Input) {
        peer.handle(input, at: now, wall: wall)
        drain()
    }

    private var wall: WallTime {
        let elapsed = (certified.clockOffset + .nanoseconds(now.nanoseconds)).wholeNanoseconds / 1_000_000
        return WallTime(milliseconds: UInt64(1_800_000_000_000 + elapsed))
    }

    private func drain() {
        while let output = peer.nextOutput() {
            switch output {
            case .openLink(let id, _, _): opened(id)
            case .sendOnLink(let id, let bytes): if id == link { arrive(bytes) }
            case .closeLink(let id, _):
                if id == link { link = nil }
                peer.handle(.linkClosed(id, .closedByUs), at: now, wall: wall)
            case .awaitDrained(let id): if health != .sendOnly { peer.handle(.linkDrained(id), at: now, wall: wall) }
            case .notify(let event, _): events.append(event)
            case .finished(let status): exit = status
            case .findHost(let name, _): sought.append(name)
            case .note, .multicast, .sendDatagram: break
            }
        }
    }

    private func opened(_ id: LinkID) {
        dials += 1
        guard health != .down else {
            peer.handle(.linkClosed(id, .refused), at: now, wall: wall)
            return
        }
        link = id
        frames = []
        channel = Channel(
            role: .responder, identity: relay, staticKey: NoiseKeyPair(privateKey: random.bytes(32)),
            ephemeral: NoiseKeyPair(privateKey: random.bytes(32)), certificate: certified.certificate)
        peer.handle(.linkOpened(id), at: now, wall: wall)
    }

    private func arrive(_ bytes: [UInt8]) {
        do {
            for frame in try channel.bytesReceived(bytes).frames { frames.append(try Frame(decoding: frame)) }
        } catch {
            Issue.record("the peer broke the protocol: \(error)")
        }
        flush()
    }

    private func flush() {
        guard let link, channel.hasOutput else { return }
        var bytes: [UInt8] = []
        channel.flush(into: &bytes, most: .max)
        peer.handle(.linkBytesReceived(link, bytes), at: now, wall: wall)
    }

    func say(_ frames: Frame...) {
        for frame in frames { channel.queue(frame.encoded()) }
        flush()
        drain()
    }

    /// Sends a frame as it is, valid or not.
    func sayEncoded(_ frame: [UInt8]) {
        channel.queue(frame)
        flush()
        drain()
    }

    func welcome(
        as name: String = "ana", members: [RelayMember] = [], topic: String? = nil, relayName: String = "hub",
        features: Features = []
    ) {
        let announcement = Announcement(
            kind: .announce, peer: relay.peerID, instance: 1, sequence: 1, name: "hub", claimTime: 1, linkPort: 1,
            features: features)
        let me = RelayMember(peer: own.peerID, state: .here, name: name)
        say(
            .hello(
                announcement: SignedAnnouncement(signing: announcement, by: relay).bytes, gathering: nil, away: nil),
            .welcome(
                RelayWelcome(
                    name: name, relayName: relayName, isOperator: false, topic: topic, messageOfTheDay: nil, rate: 20,
                    burst: 100)), .members(RelayMembers(isFresh: true, changes: [me] + members)))
    }

    func entry(_ text: String, by author: Identity, in room: RoomID? = nil, lamport: UInt64 = 1) -> SignedEntry {
        let entry = Entry(
            room: room ?? .relayLobby(of: relay.peerID), author: author.peerID, lamport: lamport, wallTime: 1,
            parents: [], kind: .text, body: text)
        return SignedEntry(signing: entry, by: author)
    }

    func wait(_ duration: Duration) {
        let end = now + duration
        while let next = peer.nextDeadline, next.at <= end {
            now = max(next.at, now + .microseconds(1))
            tell(.deadlineReached)
        }
        now = end
    }

    func breakLink() {
        guard let link else { return }
        self.link = nil
        tell(.linkClosed(link, .failed("connection reset")))
    }

    var states: [Event.RelayState] {
        events.compactMap { if case .relay(let state, _, _) = $0 { state } else { nil } }
    }
    var reasons: [String] {
        events.compactMap { if case .relay(_, _, let reason) = $0 { reason } else { nil } }
    }
    var texts: [String] {
        events.compactMap { if case .message(let message) = $0 { message.text } else { nil } }
    }
    var joins: [RelayJoin] { frames.compactMap { if case .join(let join) = $0 { join } else { nil } } }
}

extension RandomStream {
    fileprivate static func seed(_ number: UInt64) -> [UInt8] {
        var stream = RandomStream(simulationSeed: 1_000 + number)
        return stream.bytes(32)
    }
}

@Suite("A session with a relay")
struct RelaySessionTests {
    private let other = Identity(seed: RandomStream.seed(2))

    @Test(
        "a relay whose key differs from its address is sent nothing, not even a password, and the user sees both keys")
    func wrongFingerprint() throws {
        let rig = try ScriptedRelay(fingerprint: other.peerID)
        rig.start()
        #expect(rig.frames.allSatisfy { $0 == .goodbye(.refused) })
        #expect(rig.states == [.refused])
        let reason = rig.reasons.first ?? ""
        #expect(reason.contains("\(rig.relay.peerID)") && reason.contains("\(other.peerID)"))
        #expect(rig.exit == .refused)
    }

    @Test("a relay whose name cannot be resolved yet is looked up again, and dialled once it is found")
    func foundLater() throws {
        let rig = try ScriptedRelay(isAlone: false, isFound: false)
        rig.start()
        rig.wait(.seconds(5))
        #expect(rig.joins.isEmpty && rig.states == [.disconnected])
        #expect(rig.sought.count > 2 && rig.sought.allSatisfy { $0 == "hub.example" })
        rig.tell(.hostFound(name: "another.example", endpoints: [ScriptedRelay.endpoint]))
        #expect(rig.joins.isEmpty)
        rig.tell(.hostFound(name: "hub.example", endpoints: [ScriptedRelay.endpoint]))
        #expect(rig.joins.count == 1)
        rig.welcome()
        #expect(rig.states == [.disconnected, .connected])
    }

    @Test("the first key of a relay is remembered, and another one ends only that relay's session if there is a LAN")
    func changedKey() throws {
        let first = try ScriptedRelay()
        first.start()
        #expect(first.joins.first?.password == Array("secret".utf8))
        first.welcome()
        #expect(first.states == [.connected])
        let second = try ScriptedRelay(isAlone: false, archive: first.archive, seed: 2)
        second.start()
        #expect(second.joins.isEmpty)
        #expect(second.states == [.refused])
        second.wait(.seconds(2))
        #expect(second.exit == nil)
        #expect(second.events.contains { if case .ready = $0 { true } else { false } })
        let again = try ScriptedRelay(archive: first.archive)
        again.start()
        #expect(again.joins.count == 1)
    }

    @Test("a relay learns nothing of the LAN: no gathering, no introductions, no lobby")
    func nothingOfTheLAN() throws {
        let rig = try ScriptedRelay(isAlone: false)
        rig.start()
        rig.welcome()
        rig.wait(.seconds(2))
        rig.tell(.commanded(.say(text: "for the LAN", kind: .text, room: .lobby), token: nil))
        rig.tell(.commanded(.nick("anna"), token: nil))
        rig.wait(.seconds(15))
        for frame in rig.frames {
            switch frame {
            case .hello(_, let gathering, _): #expect(gathering == nil)
            case .join, .moderate, .ping, .pong, .away: break
            case .reconcile(let room, let gathering, _):
                #expect(room == .relayLobby(of: rig.relay.peerID) && gathering == nil)
            default: Issue.record("\(frame)")
            }
        }
        #expect(rig.frames.contains { if case .moderate(let act) = $0 { act.target == "anna" } else { false } })
    }

    @Test(
        "a lying relay does no harm: forged entries are not shown, and entries of other rooms are ignored")
    func lies() throws {
        let rig = try ScriptedRelay()
        rig.start()
        rig.welcome(members: [RelayMember(peer: other.peerID, state: .here, name: "ben")])
        var forged = rig.entry("forged", by: other).bytes
        forged[forged.count - 1] ^= 1
        rig.say(.entries([forged, rig.entry("true", by: other, lamport: 2).bytes]))
        #expect(rig.texts == ["true"])
        #expect(rig.link != nil)
        // A relay cannot speak for a pair: entries of such a room are ignored.
        let room = RoomID.conversation(rig.own.peerID, other.peerID)
        rig.say(.entries([rig.entry("private?", by: other, in: room).bytes]))
        #expect(rig.texts == ["true"])
        #expect(rig.states == [.connected])
        #expect(try rig.archive.keys(of: .conversation(other.peerID)).isEmpty)
    }

    @Test("a tunnel that proves another key than the relay names is closed")
    func falseTunnel() throws {
        let rig = try ScriptedRelay()
        rig.start()
        rig.welcome(members: [RelayMember(peer: other.peerID, state: .here, name: "ben")])
        let liar = Identity(seed: RandomStream.seed(3))
        var channel = Channel(
            role: .initiator, identity: liar, staticKey: NoiseKeyPair(privateKey: RandomStream.seed(4)),
            ephemeral: NoiseKeyPair(privateKey: RandomStream.seed(5)))
        channel.opened()
        let tunnel = RelayTunnel(peer: other.peerID, number: 1, isFromOpener: true)
        func flush() {
            var bytes: [UInt8] = []
            channel.flush(into: &bytes, most: .max)
            rig.say(.tunnel(tunnel, bytes: bytes))
        }
        flush()
        guard case .tunnel(let back, let answer)? = rig.frames.last else {
            Issue.record("no answer")
            return
        }
        #expect(back == RelayTunnel(peer: other.peerID, number: 1, isFromOpener: false))
        _ = try channel.bytesReceived(answer)
        flush()
        #expect(rig.frames.last == .tunnelClosed(back))
        #expect(rig.link != nil)
    }

    @Test("a declined entry is removed if it was ours, and only then")
    func declined() throws {
        let rig = try ScriptedRelay()
        rig.start()
        rig.welcome(members: [RelayMember(peer: other.peerID, state: .here, name: "ben")])
        rig.wait(.seconds(1))
        let theirs = rig.entry("theirs", by: other)
        rig.say(.entries([theirs.bytes]))
        rig.tell(.commanded(.say(text: "mine", kind: .text, room: nil), token: nil))
        guard case .entries(let list)? = rig.frames.last,
            let mine = try list.first.map({ try SignedEntry(parsing: $0) })
        else {
            Issue.record("nothing was said")
            return
        }
        let room = RoomID.relayLobby(of: rig.relay.peerID)
        rig.say(.declined(room: room, ids: [mine.id, theirs.id], why: .muted))
        #expect(try rig.archive.keys(of: .relayLobby(rig.relay.peerID)) == [theirs.key])
        let failures = rig.events.compactMap { if case .failed(let failure) = $0 { failure.code } else { nil } }
        #expect(failures == [.notAllowed])
        rig.tell(.commanded(.say(text: "again", kind: .text, room: nil), token: nil))
        guard case .entries(let next)? = rig.frames.last,
            let again = try next.first.map({ try SignedEntry(parsing: $0) })
        else {
            Issue.record("nothing was said")
            return
        }
        // No entry may have a parent that no peer has.
        #expect(again.entry.parents == [theirs.id])
    }

    @Test("a lost relay is redialled quickly at first, then with exponential backoff, and the user is notified once")
    func backOff() throws {
        let rig = try ScriptedRelay()
        rig.start()
        rig.welcome()
        rig.health = .down
        rig.breakLink()
        rig.wait(.seconds(5))
        #expect((4...12).contains(rig.dials), "\(rig.dials)")
        rig.wait(.seconds(600))
        #expect(rig.dials < 50, "\(rig.dials)")
        #expect(rig.states == [.connected, .disconnected])
        rig.health = .well
        rig.wait(.seconds(60))
        rig.welcome()
        #expect(rig.states == [.connected, .disconnected, .connected])
    }

    /// A relay drops members that are silent for 30 s, and does not ping them.
    @Test("a member that only listens while others talk still pings the relay")
    func listens() throws {
        let rig = try ScriptedRelay()
        rig.start()
        rig.welcome()
        let author = Identity(seed: RandomStream.seed(2))
        for number in 1...30 {
            rig.say(.entries([rig.entry("line \(number)", by: author, lamport: UInt64(number)).bytes]))
            rig.wait(.seconds(2))
        }
        let pings = rig.frames.count { if case .ping = $0 { true } else { false } }
        #expect((5...6).contains(pings), "\(pings)")
        #expect(rig.link != nil)
    }

    @Test("a kicked peer does not return by itself, and one refused by a full relay returns after the given time")
    func staysAway() throws {
        let kicked = try ScriptedRelay(isAlone: false)
        kicked.start()
        kicked.welcome()
        kicked.say(.removed(RelayRemoval(how: .kick, by: "eva", reason: "be kind")), .goodbye(.refused))
        kicked.wait(.seconds(300))
        #expect(kicked.dials == 1)
        #expect(kicked.events.contains(.removed(by: "eva", how: .kick, reason: "be kind")))
        let full = try ScriptedRelay(isAlone: false)
        full.start()
        full.say(.refusal(RelayRefusal(code: .full, reason: "full", retryAfter: 20)), .goodbye(.refused))
        full.wait(.seconds(10))
        #expect(full.dials == 1)
        full.wait(.seconds(30))
        #expect(full.dials >= 2)
        #expect(full.states == [.refused])
    }

    @Test("a name that is taken at the relay changes our name only there")
    func otherName() throws {
        let rig = try ScriptedRelay(isAlone: false)
        rig.start()
        rig.wait(.seconds(1))
        rig.welcome(as: "ana-2")
        let names = rig.events.compactMap { if case .name(let change) = $0 { change.name } else { nil } }
        #expect(names == ["ana"])
        rig.tell(.commanded(.say(text: "hello", kind: .text, room: .relayLobby(relay: "hub")), token: nil))
        let from = rig.events.compactMap { if case .message(let message) = $0 { message.from } else { nil } }
        #expect(from == ["ana-2"])
    }

    @Test("members' names that look like ours, another member's or one on the LAN are pointed out")
    func lookalikes() throws {
        let rig = try ScriptedRelay(isAlone: false)
        rig.start()
        rig.wait(.seconds(1))
        let third = Identity(seed: RandomStream.seed(3)).peerID
        rig.welcome(members: [RelayMember(peer: other.peerID, state: .here, name: "аna")])
        let bob = RelayMember(peer: third, state: .here, name: "Bob")
        let zero = RelayMember(peer: other.peerID, state: .here, name: "b0b")
        rig.say(.members(.init(isFresh: false, changes: [bob, zero])))
        // This applies to a member that has left, too, but not to the same key.
        rig.say(.members(.init(isFresh: false, changes: [RelayMember(peer: third, state: .left, name: "Bob")])))
        rig.say(.members(.init(isFresh: false, changes: [RelayMember(peer: other.peerID, state: .left, name: "b0b")])))
        rig.say(.members(.init(isFresh: false, changes: [zero, RelayMember(peer: third, state: .here, name: "eve")])))
        let changes = rig.events.compactMap { event -> String? in
            guard case .peer(let change) = event, let remark = change.remark else { return nil }
            return "\(change.state): \(remark)"
        }
        #expect(
            changes == [
                "joined: аna looks like ana, your own name, but is somebody else",
                "renamed: b0b looks like Bob, who is somebody else",
                "joined: b0b looks like Bob, who is somebody else",
            ])
        rig.tell(.commanded(.nick("BOB"), token: nil))
        rig.wait(.seconds(1))
        let own = rig.events.compactMap { if case .name(let change) = $0 { change.remark } else { nil } }
        #expect(own == ["BOB looks like b0b, who is somebody else"])
    }

    @Test("a command for an unknown relay fails with a reason")
    func noRelay() throws {
        let rig = try ScriptedRelay(isAlone: false)
        rig.start()
        rig.wait(.seconds(1))
        rig.tell(.commanded(.say(text: "x", kind: .text, room: .relayLobby(relay: "elsewhere")), token: nil))
        rig.tell(.commanded(.kick(name: "ben", reason: ""), token: nil))
        let codes = rig.events.compactMap { if case .failed(let failure) = $0 { failure.code } else { nil } }
        #expect(codes == [.noSuchRoom, .notAllowed])
    }

    @Test("a reason may begin with a duration")
    func times() {
        for (text, seconds, reason) in [
            ("30m spam", 1_800, "spam"), ("12h", 43_200, ""), ("7d  be kind", 604_800, "be kind"), ("90s x", 90, "x"),
        ] as [(String, UInt64, String)] {
            #expect(Peer.splitTime(text) == (seconds, reason))
        }
        for text in ["spam", "m", "3 days", "12x y", ""] { #expect(Peer.splitTime(text) == (nil, text)) }
    }
}
