import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A peer and scripted others, on links without delay.
final class PeerRig {
    let archive: MemoryArchive
    /// The archive that it uses instead of the one in memory.
    private let disk: (any Archive)?
    private(set) var peer: Peer
    var events: [Event] = []
    private(set) var now = Instant(nanoseconds: 1)
    private(set) var wall: UInt64
    private(set) var notes: [Note] = []
    private var members: [LinkID: TestMember] = [:]
    var random: RandomStream
    private var nextLink: UInt64 = 1_000_000
    /// The length in bytes of the longest output for a link.
    private(set) var longestOutput = 0
    /// The links whose drain the peer waits for.
    private(set) var awaited: Set<LinkID> = []
    /// Whether the others read what they are sent.
    var isRead = true

    /// Creates a peer that has its name and has founded its gathering.
    init(
        _ name: String = "ana", retention: Retention = Retention(), knowing known: [KnownPeer] = [],
        archive: MemoryArchive = MemoryArchive(), disk: (any Archive)? = nil, at wall: UInt64 = 1_800_000_000_000,
        seed: UInt8 = 5, configure: (inout PeerConfiguration) -> Void = { _ in }
    ) throws {
        self.wall = wall
        random = RandomStream(seed: [UInt8](repeating: seed, count: 32))
        self.archive = archive
        self.disk = disk
        for peer in known { try archive.remember(peer) }
        var configuration = PeerConfiguration(name: try Nickname(name))
        configuration.retention = retention
        configure(&configuration)
        peer = try Peer(
            configuration: configuration, identity: Example.authors[0], random: random,
            archive: disk ?? archive)
        tell(.started(linkPort: 47474, interfaces: []))
        wait(.seconds(2))
        try #require(peer.gathering != nil)
    }

    func tell(_ input: Input) {
        if case .linkDrained(let id) = input { awaited.remove(id) }
        peer.handle(input, at: now, wall: WallTime(milliseconds: wall))
        do { try disk?.commit() } catch { Issue.record("\(error)") }
        while let output = peer.nextOutput() {
            switch output {
            case .sendOnLink(let id, let bytes): arrive(bytes, at: id)
            case .closeLink(let id, _):
                members[id]?.isClosed = true
                peer.handle(.linkClosed(id, .closedByUs), at: now, wall: WallTime(milliseconds: wall))
            case .awaitDrained(let id):
                awaited.insert(id)
                if isRead { peer.handle(.linkDrained(id), at: now, wall: WallTime(milliseconds: wall)) }
            case .notify(let event, _): events.append(event)
            case .note(let note): notes.append(note)
            case .finished, .multicast, .sendDatagram, .openLink, .findHost: break
            }
        }
    }

    private func arrive(_ bytes: [UInt8], at id: LinkID) {
        guard let member = members[id] else { return }
        longestOutput = max(longestOutput, bytes.count)
        do {
            let received = try member.channel.bytesReceived(bytes)
            for frame in received.frames { member.frames.append(try Frame(decoding: frame)) }
        } catch {
            Issue.record("the peer broke the protocol: \(error)")
        }
    }

    /// Connects another peer with an established link, in this gathering.
    @discardableResult
    func join(
        _ name: String, _ identity: Identity, in gathering: GatheringID? = nil, features: Features = []
    ) -> TestMember {
        let member = connect(identity)
        member.features = features
        guard case .hello(let announcement, _, let away) = member.hello(as: name) else { return member }
        say([.hello(announcement: announcement, gathering: gathering ?? peer.gathering, away: away)], member)
        return member
    }

    /// Connects another peer up to the end of the handshake.
    func connect(_ identity: Identity) -> TestMember {
        let endpoint = Endpoint(address: .v4(0x0A00_0000 + UInt32(truncatingIfNeeded: nextLink)), port: 40_000)
        let member = TestMember(
            identity: identity, link: LinkID(number: nextLink), endpoint: endpoint, random: &random)
        nextLink += 1
        members[member.link] = member
        tell(.linkAccepted(member.link, from: endpoint))
        flush(member)
        flush(member)
        return member
    }

    func breakLink(_ member: TestMember) {
        member.isClosed = true
        tell(.linkClosed(member.link, .failed("reset")))
    }

    func say(_ frames: [Frame], _ member: TestMember) {
        for frame in frames { member.channel.queue(frame.encoded()) }
        flush(member)
    }

    /// Sends frames as they are, valid or not.
    func sayEncoded(_ frames: [[UInt8]], _ member: TestMember) {
        for frame in frames { member.channel.queue(frame) }
        flush(member)
    }

    private func flush(_ member: TestMember) {
        var bytes: [UInt8] = []
        member.channel.flush(into: &bytes, most: .max)
        if !bytes.isEmpty, !member.isClosed { tell(.linkBytesReceived(member.link, bytes)) }
    }

    /// Lets time pass.
    /// - Parameter isAlive: Whether the others send keep-alives.
    func wait(_ duration: Duration, isAlive: Bool = true) {
        let end = now + duration
        while now < end {
            let next = min(peer.nextDeadline?.at ?? end, end, now + .seconds(1))
            let step = max(next, now + .microseconds(1))
            wall += UInt64((step - now).wholeNanoseconds / 1_000_000)
            now = step
            tell(.deadlineReached)
            guard isAlive else { continue }
            for id in members.keys.sorted() { if let member = members[id] { say([.ping(1)], member) } }
        }
    }

    /// Sets the clock forward or back.
    func setClock(by milliseconds: Int64) { wall = UInt64(Int64(wall) + milliseconds) }

    /// Lets days pass in which nothing happens.
    func run(days: Int) {
        for _ in 0..<days * 144 {
            wall += 600_000
            now = now + .seconds(600)
            tell(.deadlineReached)
        }
    }

    var texts: [String] {
        events.compactMap { if case .message(let message) = $0 { message.text } else { nil } }
    }
}

extension TestMember {
    func entry(
        _ text: String, in room: RoomID, lamport: UInt64, parents: [EntryID] = [], age: UInt64 = 0
    ) -> SignedEntry {
        let entry = Entry(
            room: room, author: id, lamport: lamport, wallTime: 1_800_000_000_000 - age, parents: parents.sorted(),
            kind: .text, body: text)
        return SignedEntry(signing: entry, by: identity)
    }

    /// The IDs of all entries that were requested from it.
    var wanted: [EntryID] {
        frames.flatMap { if case .want(_, let ids) = $0 { ids } else { [EntryID]() } }
    }
}
