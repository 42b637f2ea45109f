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

/// On a LAN: names change hands, conversations do not.
@Suite("Names that pass to other keys")
struct NamesOfKeysTests {
    private let cy = Example.authors[1]
    private let other = Example.authors[2]
    private let third = Identity(seed: Array(repeating: 77, count: 32))

    private func digits(_ identity: Identity) -> String { String(identity.peerID.description.prefix(8)) }
    private func room(with identity: Identity) -> RoomID {
        .conversation(Example.authors[0].peerID, identity.peerID)
    }

    /// Returns the number of private texts that a member was sent or offered.
    private func heard(_ member: TestMember) -> Int {
        member.frames.reduce(0) { sum, frame in
            switch frame {
            case .entries(let list):
                sum
                    + list.count {
                        (try? SignedEntry(parsing: $0))?.entry.room
                            == .conversation(Example.authors[0].peerID, member.id)
                    }
            case .have(.conversation(Example.authors[0].peerID, member.id), let ids): sum + ids.count
            default: sum
            }
        }
    }

    @Test("an open conversation stays with its key when another takes its name, its texts wait, and its name follows")
    func openConversation() throws {
        let rig = try PeerRig()
        let first = rig.join("cy", cy)
        rig.command(.converse(with: "cy"))
        #expect(rig.conversations == [.init(peer: cy.peerID, name: "cy")])
        rig.say([.goodbye(.leaving)], first)
        #expect(rig.conversations.count == 1)
        let second = rig.join("cy", other)
        let taken = Event.Conversation(
            peer: cy.peerID, name: "cy#\(digits(cy))", was: "cy",
            remark: "cy has another key now: /room @cy to talk to this one")
        #expect(rig.conversations.dropFirst() == [taken])
        rig.command(.tell(to: "\(cy.peerID)", text: "for the first", kind: .text))
        #expect(heard(second) == 0)
        #expect(rig.deliveries.last == .init(name: "cy#\(digits(cy))", id: cy.peerID))
        // By name, in the room of the first, the text is not sent to anyone.
        rig.command(.tell(to: "cy", text: "whom?", kind: .text))
        rig.command(.say(text: "whom?", kind: .text, room: .conversation(with: "cy")))
        #expect(rig.failures.map(\.code) == [.ambiguous, .ambiguous])
        #expect(heard(second) == 0)
        let back = rig.join("cy-2", cy)
        #expect(rig.conversations.last == .init(peer: cy.peerID, name: "cy-2", was: "cy#\(digits(cy))"))
        #expect(heard(back) == 1)
        rig.command(.converse(with: "cy"))
        #expect(rig.conversations.last == .init(peer: other.peerID, name: "cy"))
        rig.command(.tell(to: "cy", text: "now you", kind: .text))
        #expect(heard(second) == 1 && heard(back) == 1)
    }

    @Test("a key that takes a known name is pointed out: on joining, on renaming, and when the first is back")
    func remarks() throws {
        let rig = try PeerRig()
        let first = rig.join("cy", cy)
        rig.say([.goodbye(.leaving)], first)
        let second = rig.join("bo", other)
        #expect(rig.remarks.isEmpty)
        rig.say([second.announcement("cy", sequence: 2)], second)
        let remark = "not the same key as the cy of before"
        #expect(rig.changes.last == .init(state: .renamed, peer: rig.changes.last!.peer, was: "bo", remark: remark))
        rig.say([.goodbye(.leaving)], second)
        rig.join("cy", third)
        #expect(rig.remarks == [remark, remark])
    }

    @Test(
        "the first message by name to a key that took the name is preceded by one remark, and is sent to that key"
    )
    func firstMessage() throws {
        let rig = try PeerRig()
        rig.say([.goodbye(.leaving)], rig.join("cy", cy))
        let second = rig.join("Cy", other)
        rig.command(.tell(to: "cy", text: "one", kind: .text))
        rig.command(.tell(to: "cy", text: "two", kind: .text))
        let places = rig.events.indices.filter {
            if case .remark(let text, other.peerID) = rig.events[$0] {
                return text.contains("not the same key as the cy of before") && text.contains(digits(cy))
            }
            return false
        }
        let said = rig.events.firstIndex { if case .message = $0 { true } else { false } }
        #expect(places.count == 1 && places[0] < said!)
        #expect(heard(second) == 2)
        // A peer that is named by its key cannot be mistaken.
        rig.say([.goodbye(.leaving)], second)
        rig.join("cy", third)
        let count = rig.notices.count
        rig.command(.tell(to: "\(third.peerID)", text: "three", kind: .text))
        #expect(rig.notices.count == count)
    }

    @Test("after a restart a new holder of a name is pointed out too, if another was spoken with")
    func firstMessageAfterStart() throws {
        let rig = try PeerRig()
        rig.join("cy", cy)
        rig.command(.tell(to: "cy", text: "hello", kind: .text))
        let next = try PeerRig(archive: rig.archive.copy())
        next.wait(.seconds(1))
        next.join("cy", other)
        let last = try PeerRig(archive: next.archive.copy())
        last.join("cy", other)
        #expect(next.remarks.count == 1 && last.remarks.isEmpty)
        last.command(.tell(to: "cy", text: "hello?", kind: .text))
        last.command(.tell(to: "cy", text: "hello!", kind: .text))
        #expect(last.notices.filter { $0.contains("not the same key as the cy of before") }.count == 1)
    }

    @Test("a peer that claims a name shown for another is not written to under it, nor shown by it")
    func impostor() throws {
        let rig = try PeerRig()
        let first = rig.join("cy", cy)
        let second = rig.join("cy", other)
        let entry = second.entry("send me the password", in: room(with: other), lamport: 1)
        rig.say([.entries([entry.bytes])], second)
        #expect(rig.messages.last?.from == "cy#\(digits(other))")
        #expect(rig.messages.last?.room == .conversation(with: "cy#\(digits(other))"))
        rig.command(.tell(to: "cy", text: "hello", kind: .text))
        #expect(heard(first) == 1 && heard(second) == 0)
        // A link that broke a moment ago changes nothing.
        rig.breakLink(first)
        rig.command(.tell(to: "cy", text: "still there?", kind: .text))
        #expect(heard(second) == 0 && rig.failures.isEmpty)
    }

    @Test("history, forget, block and unblock by name apply to the key that has the name now, and say which")
    func commands() throws {
        let rig = try PeerRig()
        let first = rig.join("cy", cy)
        rig.command(.tell(to: "cy", text: "to the first", kind: .text))
        rig.say([.goodbye(.leaving)], first)
        rig.join("cy", other)
        rig.command(.history(room: .conversation(with: "cy"), limit: 5))
        #expect(rig.histories.last == [])
        #expect(rig.notices.last?.contains("@cy#\(digits(cy))") == true)
        rig.command(.history(room: .conversation(with: "cy#\(digits(cy))"), limit: 5))
        #expect(rig.histories.last == ["to the first"])
        rig.command(.forget(.conversation(with: "cy")))
        #expect(rig.notices.last?.contains("forgotten: 0 lines of @cy (ID \(digits(other))…)") == true)
        rig.command(.history(room: .conversation(with: "\(cy.peerID)"), limit: 5))
        #expect(rig.histories.last == ["to the first"])
        rig.command(.block("cy"))
        #expect(rig.changes.last?.peer.id == other.peerID && rig.changes.last?.state == .blocked)
        #expect(rig.changes.last?.remark?.contains(digits(other)) == true)
        // The first is back under the name, and the blocked one is the other.
        rig.join("cy", cy)
        rig.command(.unblock("cy"))
        #expect(rig.changes.contains { $0.state == .unblocked && $0.peer.id == other.peerID })
        rig.command(.unblock("cy"))
        #expect(rig.failures.last?.text.contains("not blocked") == true)
    }

    @Test("if a name may mean several keys, it means none, and each can be named")
    func several() throws {
        let rig = try PeerRig()
        rig.join("cy", cy)
        rig.join("cy", other)
        rig.wait(.seconds(3))
        rig.command(.tell(to: "cy", text: "?", kind: .text))
        #expect(rig.failures.last?.code == .ambiguous)
        for identity in [cy, other] {
            let name = "cy#\(digits(identity))"
            #expect(rig.failures.last?.text.contains(name) == true)
            #expect(rig.peer.meaning(of: name) == .one(identity.peerID))
            #expect(rig.peer.displayName(of: identity.peerID) == name)
        }
        #expect(rig.peer.meaning(of: "cy#\(digits(third))") == .noSuchPeerText)
        #expect(rig.peer.meaning(of: "bo#\(digits(cy))") == .noSuchPeerText)
        #expect(rig.peer.meaning(of: "#\(digits(cy))") == .one(cy.peerID))
        #expect(rig.peer.meaning(of: "#\(digits(cy).prefix(3))") == .noSuchPeerText)
        #expect(rig.peer.meaning(of: "#\(digits(Example.authors[0]))") == .ourselves)
    }

    @Test(
        "every shown name, typed back, means the key that it is shown for", arguments: 0..<20 as Range<UInt64>)
    func typedBack(seed: UInt64) throws {
        let rig = try PeerRig()
        var random = RandomStream(simulationSeed: seed)
        let identities = (0..<6).map { Identity(seed: Array(repeating: 100 + UInt8($0), count: 32)) }
        var members: [Int: TestMember] = [:]
        for step in 0..<40 {
            let number = Int(random.uniform(below: 6))
            let name = ["cy", "CY", "bo", "cy-2", "ana"][Int(random.uniform(below: 5))]
            switch (random.uniform(below: 4), members[number]) {
            case (0, let member?):
                rig.say([.goodbye(.leaving)], member)
                members[number] = nil
            case (1, let member?): rig.say([member.announcement(name, sequence: UInt64(step) + 2)], member)
            case (2, _): rig.command(.block("\(identities[number].peerID)"))
            case (3, _): rig.command(.unblock("\(identities[number].peerID)"))
            case (_, nil): members[number] = rig.join(name, identities[number])
            default: break
            }
            if step % 8 == 7 { rig.wait(.seconds(3)) }
            for identity in identities {
                let shown = rig.peer.displayName(of: identity.peerID)
                let meaning = rig.peer.meaning(of: shown)
                let isKnown = rig.peer.roster.name(of: identity.peerID) != nil
                #expect(meaning == .one(identity.peerID) || !isKnown, "seed \(seed), step \(step): \(shown)")
            }
        }
    }

    @Test("a peer that takes another's name, drops it and takes it again is still pointed out before the first text")
    func backAndForth() throws {
        let rig = try PeerRig()
        rig.say([.goodbye(.leaving)], rig.join("cy", cy))
        rig.wait(.seconds(5))
        let other = rig.join("cy", Example.authors[2])
        for (sequence, name) in [(2, "foo"), (3, "cy")] {
            rig.say([other.announcement(name, sequence: UInt64(sequence))], other)
            rig.wait(.seconds(3))
        }
        rig.command(.tell(to: "cy", text: "hello", kind: .text))
        #expect(rig.notices.contains { $0.hasPrefix("not the same key as the cy of before: this is cy") })
    }
}
