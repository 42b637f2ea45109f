import CoreTestKit
import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// Peers of later versions together with this one (Protocol.md, Versions).
@Suite("Entries, frames and announcements of later versions")
struct UnknownKindTests {
    /// Reconciles an empty log with the peer's, as the side that opens.
    /// - Returns: The IDs of the entries that the peer has.
    private func compared(_ rig: PeerRig, _ member: TestMember) throws -> Set<EntryID> {
        var (reconciliation, message) = Reconciliation.open(over: LogIndex(), floor: 0)
        var need: [EntryID] = []
        while true {
            rig.say([.reconcile(room: .lobby, gathering: rig.peer.gathering, message: message)], member)
            let outcome = try reconciliation.messageReceived(try #require(member.comparison), over: LogIndex())
            need += outcome.need
            guard let reply = outcome.reply else { return Set(need) }
            message = reply
        }
    }

    /// Returns an identity whose ID is lower than the peer's, so that it opens reconciliations.
    private func opener(below peer: PeerID) -> Identity {
        (1...255 as ClosedRange<UInt8>).lazy.map { Identity(seed: [UInt8](repeating: $0, count: 32)) }
            .first { $0.peerID < peer }!
    }

    @Test("entries of kinds 2 to 9 are kept, shown as unknown, and named as parents")
    func kinds() throws {
        let rig = try PeerRig()
        let ben = rig.join("ben", Example.authors[1], features: .ofThisVersion)
        var last: [EntryID] = []
        for kind in 2...9 as ClosedRange<UInt64> {
            let entry = try FutureVersion.entry(
                kind: kind, in: .lobby, by: ben.identity, lamport: kind - 1, parents: last)
            rig.say([.entries([entry.bytes])], ben)
            last = [entry.id]
            #expect(try rig.archive.entry(entry.key, in: .lobby(rig.peer.gathering!))?.bytes == entry.bytes)
        }
        #expect(rig.texts == [String](repeating: FutureVersion.text, count: 8))
        let kinds = rig.events.compactMap { if case .message(let message) = $0 { message.kind } else { nil } }
        #expect(kinds == (2...9).map { .unknown($0) })
        rig.tell(.commanded(.say(text: "an answer", kind: .text, room: nil), token: nil))
        let answer = try SignedEntry(verifying: try #require(ben.receivedEntries.last))
        #expect(answer.entry.parents == last && answer.entry.lamport == 9)
        rig.tell(.commanded(.search(words: "newer Earshot", limit: 9), token: nil))
        guard case .found(_, let found)? = rig.events.last else { throw Fault.noAnswer }
        #expect(found.isEmpty)
        rig.tell(.commanded(.history(room: nil, limit: 9), token: nil))
        guard case .history(_, let lines)? = rig.events.last else { throw Fault.noAnswer }
        #expect(lines.map(\.text) == [String](repeating: FutureVersion.text, count: 8) + ["an answer"])
        #expect(!ben.isClosed)
    }

    private enum Fault: Error { case noAnswer }

    @Test("a private entry of an unknown kind is acknowledged, and again when it arrives again")
    func privately() throws {
        let rig = try PeerRig()
        let ben = rig.join("ben", Example.authors[1], features: .ofThisVersion)
        let room = RoomID.conversation(rig.peer.id, ben.id)
        let entry = try FutureVersion.entry(in: room, by: ben.identity, lamport: 1)
        rig.say([.entries([entry.bytes]), .entries([entry.bytes])], ben)
        let receipts = ben.frames.filter { $0 == .receipt(room: room, ids: [entry.id]) }
        #expect(receipts.count == 2)
        #expect(rig.texts == [FutureVersion.text])
    }

    @Test("an entry of an unknown kind is passed on byte for byte, and only to peers with the feature")
    func passedOn() throws {
        let rig = try PeerRig()
        let low = opener(below: rig.peer.id)
        let ben = rig.join("ben", Example.authors[1], features: .ofThisVersion)
        let entry = try FutureVersion.entry(in: .lobby, by: ben.identity, lamport: 1)
        let child = ben.entry("known", in: .lobby, lamport: 2, parents: [entry.id])
        rig.say([.entries([entry.bytes, child.bytes])], ben)
        rig.breakLink(ben)

        let old = rig.join("old", low)
        #expect(try compared(rig, old) == [child.id])
        rig.say([.want(room: .lobby, ids: [entry.id, child.id])], old)
        // Its child is sent there all the same.
        #expect(old.receivedEntries == [child.bytes] && !old.isClosed)
        rig.breakLink(old)

        let new = rig.join("new", low, features: [.unknownKinds, Features(rawValue: 1 << 20)])
        #expect(try compared(rig, new) == [entry.id, child.id])
        rig.say([.want(room: .lobby, ids: [entry.id, child.id])], new)
        #expect(new.receivedEntries == [entry.bytes, child.bytes])
    }

    @Test("an entry of an unknown kind is offered only to peers with the feature")
    func gossipedEntries() throws {
        let rig = try PeerRig()
        let ben = rig.join("ben", Example.authors[1], features: .ofThisVersion)
        let old = rig.join("old", Example.authors[2])
        let new = rig.join("new", Example.authors[3], features: .ofThisVersion)
        let known = ben.entry("known", in: .lobby, lamport: 1)
        var unknown: [SignedEntry] = []
        // The peers for each rumour are drawn at random.
        for lamport in 2..<22 as Range<UInt64> {
            let entry = try FutureVersion.entry(in: .lobby, by: ben.identity, lamport: lamport)
            unknown.append(entry)
            rig.say([.entries([entry.bytes] + (lamport == 2 ? [known.bytes] : []))], ben)
            rig.wait(.seconds(1))
        }
        #expect(new.toldIDs.intersection(unknown.map(\.id)).count > 5)
        #expect(old.toldIDs.isDisjoint(with: unknown.map(\.id)))
        #expect(!old.isClosed && !new.isClosed)
    }

    @Test("on a big network, entries of unknown kinds are forwarded immediately only to peers with the feature")
    func passedOnAtOnce() throws {
        let rig = try PeerRig { $0.fullMeshCount = 2 }
        let ben = rig.join("ben", Example.authors[1], features: .ofThisVersion)
        let old = rig.join("old", Example.authors[2])
        let new = rig.join("new", Example.authors[3], features: .ofThisVersion)
        rig.wait(.seconds(3))
        try #require(rig.peer.isSparse)
        let unknown = try FutureVersion.entry(in: .lobby, by: ben.identity, lamport: 1)
        let known = ben.entry("known", in: .lobby, lamport: 2)
        rig.say([.entries([unknown.bytes, known.bytes])], ben)
        #expect(old.receivedEntries == [known.bytes])
        #expect(new.receivedEntries == [unknown.bytes, known.bytes])
    }

    @Test("frames of unknown rooms are ignored, and the link stays")
    func unknownRooms() throws {
        let rig = try PeerRig()
        let ben = rig.join("ben", Example.authors[1], features: .ofThisVersion)
        let room = RoomID([UInt8](repeating: 9, count: 32))!
        let entry = try FutureVersion.entry(in: room, by: ben.identity, lamport: 1)
        for _ in 0..<30 { rig.sayEncoded(FutureVersion.frames(of: room, entry: entry), ben) }
        #expect(!ben.isClosed && rig.texts.isEmpty)
        #expect(rig.notes.count { $0.text.contains("ignored") } <= 10)
        #expect(!ben.frames.contains { if case .receipt = $0 { true } else { false } })
        rig.say([.entries([ben.entry("of today", in: .lobby, lamport: 1).bytes])], ben)
        #expect(rig.texts == ["of today"])
    }

    @Test("a private room's reconciliation with a gathering is ignored, and one without is answered")
    func gatheringOfAPair() throws {
        let rig = try PeerRig()
        let ben = rig.join("ben", opener(below: rig.peer.id))
        let room = RoomID.conversation(rig.peer.id, ben.id)
        rig.tell(.commanded(.tell(to: "ben", text: "hello", kind: .text), token: nil))
        let (_, message) = Reconciliation.open(over: LogIndex(), floor: 0)
        rig.say([.reconcile(room: room, gathering: rig.peer.gathering, message: message)], ben)
        #expect(ben.comparison == nil && !ben.isClosed)
        rig.say([.reconcile(room: room, gathering: nil, message: message)], ben)
        #expect(ben.comparison != nil)
    }

    @Test("a goodbye for an unknown reason ends the link without a warning")
    func unknownGoodbye() throws {
        let rig = try PeerRig()
        let ben = rig.join("ben", Example.authors[1])
        rig.sayEncoded([FutureVersion.frame(.unsigned(5), .unsigned(9), .text("later"))], ben)
        #expect(ben.isClosed && ben.goodbye == nil)
        #expect(!rig.notes.contains { $0.level == .warning })
    }

    @Test("announcements, introductions and link-state advertisements with more elements and features are accepted")
    func laterWords() throws {
        let rig = try PeerRig()
        let cem = rig.connect(Example.authors[2])
        let hello = FutureVersion.announcement(features: .max, of: cem.identity)
        rig.sayEncoded([FutureVersion.frame(.unsigned(0), .bytes(hello), .null, .null, .text("later"))], cem)
        let other = FutureVersion.announcement(features: 63, of: Example.authors[3])
        let endpoint = CBORValue.array([.bytes([10, 0, 0, 9]), .unsigned(1), .text("later")])
        let changed = FutureVersion.announcement(features: 1, sequence: 9, of: cem.identity)
        rig.sayEncoded(
            [
                FutureVersion.frame(
                    .unsigned(2), .array([.array([.bytes(other), .array([endpoint]), .map([])])]), .null),
                FutureVersion.frame(.unsigned(1), .bytes(changed), .null),
                FutureVersion.frame(.unsigned(12), .text("at lunch"), .null),
                FutureVersion.frame(.unsigned(3), .unsigned(7), .null),
            ], cem)
        #expect(!cem.isClosed && cem.frames.contains(.pong(7)))
        // Introductions and link-state advertisements of another version or without content are skipped.
        let strange = FutureVersion.announcement(version: 2, of: Example.authors[3])
        rig.sayEncoded(
            [
                FutureVersion.frame(.unsigned(2), .array([.array([.bytes(strange), .array([])])])),
                FutureVersion.frame(.unsigned(31), .array([.array([.bytes(strange), .array([]), .null])])),
            ], cem)
        #expect(!cem.isClosed)
    }

    @Test(
        "a hello of another version, of an unknown kind, or that says goodbye is a violation",
        arguments: [(2, 1, true), (1, 3, false), (1, 2, false)] as [(UInt64, UInt64, Bool)])
    func wrongHello(version: UInt64, kind: UInt64, isTold: Bool) throws {
        let rig = try PeerRig()
        let bytes = FutureVersion.announcement(version: version, kind: kind, of: Example.authors[2])
        let cem = rig.connect(Example.authors[2])
        rig.say([.hello(announcement: bytes, gathering: nil, away: nil)], cem)
        #expect(cem.goodbye == .violation && cem.isClosed)
        let notices = rig.events.count { if case .notice(let text) = $0 { text.contains("version 2") } else { false } }
        #expect(notices == (isTold ? 1 : 0))
        let dia = rig.join("dia", Example.authors[3])
        rig.say([.announcement(FutureVersion.announcement(version: version, kind: kind, of: dia.identity))], dia)
        #expect(dia.goodbye == .violation && dia.isClosed)
    }

    @Test("a frame of length zero is answered with a goodbye")
    func noLength() throws {
        let rig = try PeerRig()
        let ben = rig.join("ben", Example.authors[1])
        rig.sayEncoded([[]], ben)
        #expect(ben.goodbye == .violation && ben.isClosed)
    }

    @Test("after a wrong frame length a goodbye can still be sent", arguments: [0, 61_441, 65_535])
    func wrongLength(length: Int) throws {
        func key(_ number: UInt8) -> NoiseKeyPair {
            NoiseKeyPair(privateKey: [UInt8](repeating: number, count: 32))
        }
        var other = LinkHandshake(
            role: .initiator, identity: Example.authors[1], staticKey: key(1), ephemeral: key(2))
        var channel = Channel(
            role: .responder, identity: Example.authors[0], staticKey: key(3), ephemeral: key(4))
        func said(_ message: [UInt8]) -> [UInt8] { [UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message }
        let first = other.begin() ?? []
        _ = try channel.bytesReceived(said(first))
        var output: [UInt8] = []
        channel.flush(into: &output, most: .max)
        guard case .sendAndFinish(let last, _, let transport) = try other.messageReceived(Array(output.dropFirst(2)))
        else { throw Fault.noAnswer }
        #expect(try channel.bytesReceived(said(last)).authenticated == Example.authors[1].peerID)
        var record: [UInt8] = []
        transport.seal([UInt8(length >> 8), UInt8(length & 0xFF), 1], into: &record)
        #expect(throws: LinkViolation.self) { try channel.bytesReceived(said(record)) }
        // It is reported once: nothing after it is read.
        #expect(try channel.bytesReceived(said(record)).frames.isEmpty)
        channel.queue(Frame.goodbye(.violation).encoded())
        output = []
        channel.flush(into: &output, most: .max)
        var plaintext: [UInt8] = []
        try transport.open(output[2...], into: &plaintext)
        #expect(plaintext == [0, 3] + Frame.goodbye(.violation).encoded())
    }
}
