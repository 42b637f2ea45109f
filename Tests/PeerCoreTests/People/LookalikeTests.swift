import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Lookalike names")
struct LookalikeTests {
    /// With a Cyrillic first letter, as an older peer may still be named.
    private static let mixed = "аna"

    private func remarks(_ rig: PeerRig) -> [String] {
        rig.events.compactMap { event in
            switch event {
            case .peer(let change): change.remark
            case .name(let change): change.remark
            default: nil
            }
        }
    }

    private func rename(_ member: TestMember, _ name: String, sequence: UInt64 = 2, _ rig: PeerRig) {
        let announcement = Announcement(
            kind: .announce, peer: member.id, instance: 1, sequence: sequence, name: name, claimTime: 2, linkPort: 1)
        rig.say([.announcement(SignedAnnouncement(signing: announcement, by: member.identity).bytes)], member)
    }

    @Test("a newcomer whose name looks like ours is pointed out in its joined event")
    func likeOurs() throws {
        let rig = try PeerRig()
        _ = rig.join("ben", Example.authors[1])
        #expect(remarks(rig) == [])
        _ = rig.join(Self.mixed, Example.authors[2])
        #expect(remarks(rig) == ["аna looks like ana, your own name, but is somebody else"])
    }

    @Test("a peer that joins learns of lookalikes of its own name once it is settled")
    func newcomer() throws {
        let known = KnownPeer(
            id: Example.authors[3].peerID, name: "Ana", firstSeen: WallTime(milliseconds: 1),
            lastSeen: WallTime(milliseconds: 2), isBlocked: false)
        let rig = try PeerRig(Self.mixed, knowing: [known])
        #expect(
            rig.events.contains(
                .name(
                    .init(
                        state: .claimed, name: Self.mixed, wanted: Self.mixed,
                        remark: "аna looks like Ana, who is somebody else"))))
        _ = rig.join("ana", Example.authors[1])
        #expect(
            remarks(rig) == [
                "аna looks like Ana, who is somebody else",
                "not the same key as the ana of before; ana looks like аna, your own name, but is somebody else",
            ])
    }

    @Test("a name that looks like another peer's present or former name is pointed out, but not one's own former name")
    func likeOthers() throws {
        let rig = try PeerRig()
        let bob = rig.join("Bob", Example.authors[1])
        let other = rig.join("cy", Example.authors[2])
        rename(other, "b0b", rig)
        #expect(remarks(rig) == ["b0b looks like Bob, who is somebody else"])
        // Its own name in other letters.
        rename(bob, "BOB", rig)
        rename(bob, "rob", sequence: 3, rig)
        #expect(remarks(rig).count == 2 && remarks(rig).last == "BOB looks like b0b, who is somebody else")
        rename(bob, "Rоb", sequence: 4, rig)
        #expect(remarks(rig).count == 2)
        // A peer that has left is remembered.
        rig.say([.goodbye(.leaving)], bob)
        _ = rig.join("ROB", Example.authors[3])
        #expect(remarks(rig).last == "not the same key as the ROB of before; ROB looks like Rоb, who is somebody else")
    }

    @Test("our own change to a name that looks like another's is pointed out to us")
    func ownChange() throws {
        let rig = try PeerRig()
        _ = rig.join("Ian", Example.authors[1])
        rig.tell(.commanded(.nick("lan"), token: nil))
        rig.wait(.seconds(2))
        #expect(
            rig.events.contains(
                .name(
                    .init(
                        state: .claimed, name: "lan", wanted: "lan", remark: "lan looks like Ian, who is somebody else")
                )))
        rig.tell(.commanded(.nick("eve"), token: nil))
        rig.wait(.seconds(2))
        #expect(rig.events.last == .name(.init(state: .claimed, name: "eve", wanted: "eve")))
    }

    @Test("a name that may not be chosen is refused with its reason, and the old one is kept")
    func refusedChoice() throws {
        let rig = try PeerRig()
        for name in [Self.mixed, "*", "lobby", "all", ".", "..", "-x", "\u{2800}", "\u{301}"] {
            rig.tell(.commanded(.nick(name), token: nil))
            let error = #expect(throws: NicknameError.self) { try Nickname(choosing: name) }
            #expect(rig.events.last == .failed(.init(.badName, error?.description ?? "")))
        }
        rig.wait(.seconds(2))
        #expect(rig.peer.displayName(of: rig.peer.id) == "ana")
    }

    @Test(
        "older peers with such a name are shown with it, and can be written to by it", arguments: ["*", "all", "-x"])
    func olderPeers(name: String) throws {
        let rig = try PeerRig()
        let other = rig.join(name, Example.authors[1])
        #expect(!other.isClosed)
        #expect(
            rig.events.contains { event in
                if case .peer(let change) = event { change.state == .joined && change.peer.name == name } else { false }
            })
        rig.tell(.commanded(.tell(to: name, text: "psst", kind: .text), token: nil))
        #expect(rig.texts == ["psst"])
    }

    // The index.

    private func key(_ number: Int) -> PeerID {
        PeerID(words: (UInt64(number) &* 0x9E37_79B9_7F4A_7C15, UInt64(number), 0, 0))
    }

    @Test("ten thousand keys with one name do not slow the search, and one with another name is found among them")
    func manyKeys() throws {
        var index = LookalikeIndex()
        let (ana, mixed) = (try Nickname("ana"), try Nickname(Self.mixed))
        for number in 1...10_000 { index.replace(nil, by: ana, of: key(number)) }
        #expect(index.first(like: ana, besides: [key(0)]) == nil)
        #expect(index.first(like: mixed, besides: [key(0)]) == ana)
        index.replace(nil, by: mixed, of: key(0))
        #expect(index.first(like: ana, besides: [key(1)]) == mixed)
        #expect(index.first(like: ana, besides: [key(0)]) == nil)
        index.replace(mixed, by: try Nickname("eve"), of: key(0))
        #expect(index.first(like: ana, besides: [key(1)]) == nil)
        for number in 1...10_000 { index.replace(ana, by: nil, of: key(number)) }
        #expect(index.first(like: mixed, besides: []) == nil)
    }

    @Test("the index finds the same as a search of all names, through joins, renames and leaves", arguments: 1...20)
    func indexAgainstWalk(seed: UInt64) throws {
        let texts = [
            "ana", "Ana", "аna", "аnа", "anа", "Ian", "lan", "1an", "IAN", "b0b", "Bob", "bоb", "eve", "arny", "amy",
        ]
        let names = try texts.map { try Nickname($0) }
        var random = RandomStream(simulationSeed: seed)
        var index = LookalikeIndex()
        var held = [Nickname?](repeating: nil, count: 12)
        for _ in 0..<500 {
            let number = Int(random.next() % 12)
            let choice = Int(random.next() % UInt64(names.count + 4))
            let name = choice < names.count ? names[choice] : nil
            index.replace(held[number], by: name, of: key(number))
            held[number] = name
            let (asker, asked) = (Int(random.next() % 12), names[Int(random.next() % UInt64(names.count))])
            let alike = held.indices.filter { $0 != asker && held[$0]?.looksLike(asked) == true }
            let found = index.first(like: asked, besides: [key(asker)])
            #expect((found == nil) == alike.isEmpty)
            if let found { #expect(alike.contains { held[$0]?.text == found.text }) }
        }
    }
}
