import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A line for each of a few peers, and one line for many that join or leave for the same reason.
@Suite("Presence changes")
struct PresenceChangesTests {
    private let crowd = (0..<40).map { Identity(seed: Array(repeating: 60 + UInt8($0), count: 32)) }

    private var members: [RelayMember] {
        crowd.indices.map { RelayMember(peer: crowd[$0].peerID, state: .here, name: "p\($0)") }
    }

    /// The number of lines about single peers that a person is shown.
    private func lines(_ events: some Sequence<Event>) -> Int {
        events.count { event in
            guard case .peer(let change) = event else { return false }
            return !change.isSummarised
        }
    }

    private func rig() throws -> ScriptedRelay {
        let rig = try ScriptedRelay()
        rig.start()
        rig.wait(.seconds(1))
        rig.welcome(members: members)
        rig.wait(.seconds(3))
        return rig
    }

    @Test("the members present at a relay when we join are shown in one line")
    func list() throws {
        let rig = try rig()
        #expect(rig.changes.count == 40 && lines(rig.events) == 0)
        #expect(rig.presenceSummaries.map(\.arrived.count) == [40])
        #expect(rig.presenceSummaries.map(\.relay) == ["hub"])
        rig.say(
            .members(.init(isFresh: false, changes: [RelayMember(peer: members[0].peer, state: .left, name: "p0")])))
        rig.say(.members(.init(isFresh: false, changes: [members[0]])))
        rig.wait(.seconds(3))
        #expect(lines(rig.events) == 2 && rig.presenceSummaries.count == 1)
    }

    @Test("after a restart of the relay all members are one line, even if they return after us")
    func restart() throws {
        let rig = try rig()
        let start = rig.events.count
        rig.health = .down
        rig.breakLink()
        rig.wait(.seconds(6))
        rig.health = .well
        rig.wait(.seconds(6))
        rig.welcome(members: Array(members.prefix(3)))
        for member in members.dropFirst(3) {
            rig.wait(.milliseconds(100))
            rig.say(.members(.init(isFresh: false, changes: [member])))
        }
        rig.wait(.seconds(1))
        #expect(lines(rig.events[start...]) == 0)
        #expect(rig.presenceSummaries.dropFirst().map(\.arrived.count) == [40])
        // A front end that keeps a list still gets an event for each.
        #expect(
            rig.changes.suffix(80).map(\.state) == Array(repeating: .left, count: 40)
                + Array(repeating: .joined, count: 40))
    }

    @Test("absent members are awaited for no longer than the relay was away, and later ones are shown one by one")
    func stragglers() throws {
        let rig = try rig()
        rig.breakLink()
        rig.wait(.seconds(4))
        rig.welcome(members: Array(members.prefix(10)))
        rig.wait(.seconds(6))
        #expect(rig.presenceSummaries.dropFirst().map(\.arrived.count) == [10])
        rig.say(.members(.init(isFresh: false, changes: [members[20]])))
        #expect(lines(rig.events) == 1)
        // The link breaks again, before all are back.
        rig.breakLink()
        rig.wait(.seconds(4))
        rig.welcome(members: Array(members.prefix(11)))
        rig.wait(.seconds(6))
        #expect(rig.presenceSummaries.last?.arrived.count == 11 && lines(rig.events) == 1)
    }

    @Test("a member that comes and goes within the time is not shown, and a blocked one is not counted")
    func inBetween() throws {
        let rig = try rig()
        rig.command(.block("p7"))
        rig.breakLink()
        rig.wait(.seconds(4))
        rig.welcome(members: members)
        let gone = RelayMember(peer: members[3].peer, state: .left, name: "p3")
        rig.say(.members(.init(isFresh: false, changes: [gone])))
        rig.wait(.seconds(6))
        #expect(rig.presenceSummaries.last?.arrived.count == 38 && rig.presenceSummaries.last?.departed == [])
        #expect(rig.presenceSummaries.last?.arrived.contains("p7") == false)
    }

    @Test("on a LAN many arrivals at once are five lines and a summary, and a few are a line each")
    func crowdOnNetwork() throws {
        let rig = try PeerRig()
        for number in 0..<4 {
            rig.join("p\(number)", crowd[number])
            rig.wait(.seconds(1))
        }
        #expect(lines(rig.events) == 4 && rig.presenceSummaries.isEmpty)
        rig.wait(.seconds(3))
        for number in 4..<40 { rig.join("p\(number)", crowd[number]) }
        rig.wait(.seconds(3))
        #expect(lines(rig.events) == 9)
        #expect(rig.presenceSummaries.map(\.arrived.count) == [31] && rig.presenceSummaries[0].relay == nil)
        rig.wait(.seconds(3))
        rig.join("late", Identity(seed: Array(repeating: 200, count: 32)))
        #expect(lines(rig.events) == 10)
    }

    @Test("on a LAN the peers that vanish with our network, or appear with the next, are one line for each direction")
    func ownNetwork() throws {
        let rig = try PeerRig()
        var here: [TestMember] = []
        for number in 0..<12 {
            here.append(rig.join("p\(number)", crowd[number]))
            rig.wait(.seconds(3))
        }
        let start = rig.events.count
        rig.tell(.resumed)
        for member in here { rig.breakLink(member) }
        rig.wait(.seconds(2))
        for number in 0..<2 { rig.join("p\(number)", crowd[number]) }
        rig.join("new", crowd[20])
        rig.wait(.seconds(4))
        #expect(lines(rig.events[start...]) == 0)
        #expect(rig.presenceSummaries.last?.departed.sorted() == (2..<12).map { "p\($0)" }.sorted())
        #expect(rig.presenceSummaries.last?.arrived == ["new"])
    }
}
