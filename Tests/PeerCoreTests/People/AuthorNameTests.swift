import CoreTestKit
import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// The names of authors that have left, for newcomers that never met them.
@Suite struct AuthorNameTests {
    private let dora = Example.authors[3]
    private var digits: String { String(dora.peerID.description.prefix(8)) }

    private func from(_ rig: PeerRig) -> [String] {
        rig.events.compactMap { if case .message(let message) = $0 { message.from } else { nil } }
    }

    private func lastHistory(_ rig: PeerRig) -> [Event.Message] {
        rig.events.compactMap { if case .history(_, let messages) = $0 { messages } else { nil } }.last ?? []
    }

    private func told(_ member: TestMember) -> [AuthorName] {
        member.frames.flatMap { if case .authors(_, let names) = $0 { names } else { [AuthorName]() } }
    }

    private func name(_ name: String, _ peer: PeerID) -> AuthorName { AuthorName(peer: peer, name: name) }

    /// Returns a newcomer that receives a line of dora's from ben, who also sends dora's name.
    private func newcomer(told names: [AuthorName], archive: MemoryArchive = MemoryArchive()) throws -> PeerRig {
        let rig = try PeerRig(archive: archive)
        let ben = rig.join("ben", Example.authors[1])
        let entry = Entry(
            room: .lobby, author: dora.peerID, lamport: 1, wallTime: 1_799_999_000_000, parents: [], kind: .text,
            body: "I was here")
        rig.say([.authors(room: .lobby, names: names)], ben)
        rig.say([.entries([SignedEntry(signing: entry, by: dora).bytes])], ben)
        return rig
    }

    @Test("a newcomer sees an author under its former name, marked as hearsay, and so do history, search and export")
    func newcomer() throws {
        let archive = MemoryArchive()
        let rig = try newcomer(told: [name("dora", dora.peerID)], archive: archive)
        #expect(from(rig) == ["dora#\(digits)"])
        rig.command(.search(words: "here", limit: 9))
        guard case .found(_, let found) = rig.events.last else {
            Issue.record("no answer")
            return
        }
        #expect(found.map(\.from) == ["dora#\(digits)"])
        let rooms = try KeptRooms(archive: archive, own: Example.authors[0].peerID)
        let exported = try rooms.logs(named: nil).flatMap { try rooms.messages(of: $0).shown.map(\.from) }
        #expect(exported == ["dora#\(digits)"])
        // The name is stored, and can be used to write to the author.
        let later = try PeerRig(archive: archive)
        later.command(.tell(to: "dora#\(digits)", text: "hello", kind: .text))
        #expect(later.deliveries == [.init(name: "dora#\(digits)", id: dora.peerID)])
    }

    @Test("an author whose name was not sent, as by an older program, is shown by the beginning of its key")
    func unadvertised() throws { #expect(try from(newcomer(told: [])) == ["peer-\(digits)"]) }

    @Test("an author's own announcement replaces hearsay, and later hearsay is ignored")
    func met() throws {
        let rig = try newcomer(told: [name("dora", dora.peerID)])
        let herself = rig.join("theodora", dora)
        rig.command(.history(room: nil, limit: 9))
        #expect(lastHistory(rig).map(\.from) == ["theodora"])
        rig.say([.goodbye(.leaving)], herself)
        let cy = rig.join("cy", Example.authors[2])
        rig.say([.authors(room: .lobby, names: [name("liar", dora.peerID)])], cy)
        rig.command(.history(room: nil, limit: 9))
        #expect(lastHistory(rig).map(\.from) == ["theodora"])
    }

    @Test("the first name told for a key counts, invalid names are ignored, and no present peer is renamed")
    func lies() throws {
        let ben = Example.authors[1].peerID
        let own = Example.authors[0].peerID
        let names = [
            name("a b", dora.peerID), name("", dora.peerID), name("dora", dora.peerID), name("liar", dora.peerID),
            name("eve", ben), name("eve", own),
        ]
        let rig = try newcomer(told: names)
        #expect(from(rig) == ["dora#\(digits)"])
        rig.command(.say(text: "mine", kind: .text, room: nil))
        #expect(from(rig).last == "ana")
        rig.command(.who)
        guard case .who(let peers) = rig.events.last else {
            Issue.record("no answer")
            return
        }
        #expect(peers.map(\.name) == ["ben"])
        // Names for another room, or of too many keys: no violation, and no more are stored than the bound permits.
        let member = rig.join("cy", Example.authors[2])
        rig.say([.authors(room: .least, names: [name("x", .least)])], member)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20 {
            let many = (0..<256).map { _ in name("many", PeerID(random.bytes(32))!) }
            rig.say([.authors(room: .lobby, names: many)], member)
        }
        #expect(!member.isClosed)
        #expect(try rig.archive.knownPeers().count <= 8)
    }

    @Test("a peer that sends entries first sends the names of their authors, each once, except blocked ones")
    func answering() throws {
        let rig = try PeerRig()
        var entries: [SignedEntry] = []
        for (place, called) in [(2, "cy"), (3, "dora")] {
            let member = rig.join(called, Example.authors[place])
            let entry = member.entry("by \(called)", in: .lobby, lamport: UInt64(place))
            rig.say([.entries([entry.bytes])], member)
            entries.append(entry)
            rig.say([.goodbye(.leaving)], member)
        }
        rig.command(.say(text: "mine", kind: .text, room: nil))
        rig.command(.block("cy"))
        let ben = rig.join("ben", Example.authors[1])
        let ids = entries.map(\.id)
        for _ in 0..<2 { rig.say([.want(room: .lobby, ids: ids)], ben) }
        #expect(told(ben) == [name("dora", dora.peerID)])
        let order = ben.frames.compactMap { frame in
            switch frame {
            case .authors: "names"
            case .entries: "entries"
            default: nil
            }
        }
        #expect(order == ["names", "entries", "entries"])
    }

    @Test("a relay sends its members the names of authors that have left, even after a restart")
    func relay() throws {
        let rig = try RelayRig()
        let member = rig.join("dora", as: dora)
        let entry = member.entry("I was here")
        rig.say([.entries([entry.bytes])], member)
        rig.say([.goodbye(.leaving)], member)
        rig.close(member)
        rig.wait(.seconds(120))
        try rig.restart()
        let ana = rig.join("ana")
        rig.say([.want(room: entry.entry.room, ids: [entry.id])], ana)
        #expect(told(ana) == [name("dora", dora.peerID)])
    }
}
