import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A wrong wall clock drops no stored entries, neither one's own nor those of others.
@Suite struct AgeTests {
    private static let day: UInt64 = 86_400_000
    private static let start: UInt64 = 1_800_000_000_000
    private let bea = Example.authors[1]
    private var pair: RoomID { .conversation(Example.authors[0].peerID, bea.peerID) }

    private func days(_ count: Int64) -> Int64 { count * Int64(Self.day) }

    /// Lets a member send two lines to the lobby and one private line.
    /// - Returns: The log of the lobby.
    private func said(to rig: PeerRig, age: UInt64 = 0) throws -> LogID {
        let member = rig.join("bea", bea)
        let first = member.entry("one", in: .lobby, lamport: 1, age: age)
        let second = member.entry("two", in: .lobby, lamport: 2, parents: [first.id], age: age)
        rig.say([.entries([first.bytes, second.bytes])], member)
        rig.say([.entries([member.entry("psst", in: pair, lamport: 1, age: age).bytes])], member)
        rig.breakLink(member)
        return .lobby(try #require(rig.peer.gathering))
    }

    private func count(_ log: LogID, _ rig: PeerRig) throws -> Int { try rig.archive.keys(of: log).count }

    private func leave(_ rig: PeerRig) { rig.tell(.commanded(.quit(afterReceipts: false), token: nil)) }

    @Test("a start with the clock 200 days ahead warns and drops nothing, and all is well once the clock is corrected")
    func ahead() throws {
        let rig = try PeerRig()
        let lobby = try said(to: rig)
        leave(rig)
        let wrong = try PeerRig(archive: rig.archive, at: Self.start + 200 * Self.day, seed: 6)
        #expect(wrong.peer.gathering.map { LogID.lobby($0) } != lobby)
        wrong.wait(.seconds(1_300))
        #expect(try count(lobby, wrong) == 2)
        #expect(try count(.conversation(bea.peerID), wrong) == 1)
        #expect(wrong.notes.contains { $0.level == .warning && $0.text.contains("200 days") })
        leave(wrong)
        let right = try PeerRig(archive: rig.archive, at: Self.start + Self.day / 4, seed: 7)
        #expect(right.peer.gathering.map { LogID.lobby($0) } == lobby)
        right.wait(.seconds(1_300))
        #expect(try count(lobby, right) == 2)
        #expect(try count(.conversation(bea.peerID), right) == 1)
    }

    @Test("a clock that jumps 200 days ahead while the process runs drops nothing, and is noted once")
    func jump() throws {
        let rig = try PeerRig()
        let lobby = try said(to: rig)
        rig.wait(.seconds(700))
        rig.setClock(by: days(200))
        rig.wait(.seconds(1_300))
        #expect(try count(lobby, rig) == 2)
        #expect(rig.notes.filter { $0.text.contains("jumped") }.count == 1)
    }

    @Test("an archive from before the age clock loses nothing if its first start has the clock ahead")
    func update() throws {
        let rig = try PeerRig()
        let lobby = try said(to: rig)
        leave(rig)
        for setting in [AgeClock.setting, Arrivals.setting(lobby), Arrivals.setting(.conversation(bea.peerID))] {
            try rig.archive.setSetting(setting, to: nil)
        }
        let wrong = try PeerRig(archive: rig.archive, at: Self.start + 200 * Self.day)
        wrong.wait(.seconds(1_300))
        #expect(try count(lobby, wrong) == 2)
        #expect(try count(.conversation(bea.peerID), wrong) == 1)
    }

    @Test("after half a year off old entries are dropped after a week of running, or immediately without an age clock")
    func absence() throws {
        let rig = try PeerRig()
        let lobby = try said(to: rig)
        leave(rig)
        let archive = rig.archive.copy()
        let later = try PeerRig(archive: rig.archive, at: Self.start + 180 * Self.day)
        later.run(days: 6)
        #expect(try count(lobby, later) == 2)
        later.run(days: 2)
        #expect(try count(lobby, later) == 0)
        #expect(try count(.conversation(bea.peerID), later) == 0)
        // The archive has no age clock, but a peer was seen the day before.
        for setting in [AgeClock.setting, Arrivals.setting(lobby), Arrivals.setting(.conversation(bea.peerID))] {
            try archive.setSetting(setting, to: nil)
        }
        let seen = WallTime(milliseconds: Self.start + 179 * Self.day)
        let known = KnownPeer(id: bea.peerID, name: "bea", firstSeen: seen, lastSeen: seen, isBlocked: false)
        let updated = try PeerRig(knowing: [known], archive: archive, at: Self.start + 180 * Self.day)
        updated.wait(.seconds(1_500))
        #expect(try count(lobby, updated) == 0)
        #expect(try count(.conversation(bea.peerID), updated) == 0)
    }

    @Test("private messages from a clock in 1970 are kept as long as all others, and then dropped")
    func authorBehind() throws {
        let rig = try PeerRig()
        let lobby = try said(to: rig, age: Self.start)
        rig.run(days: 80)
        #expect(try count(.conversation(bea.peerID), rig) == 1)
        #expect(try count(lobby, rig) == 0)
        rig.run(days: 11)
        #expect(try count(.conversation(bea.peerID), rig) == 0)
    }

    @Test("lobby messages from a clock in 1970 are kept for at least a day")
    func lobbyBehind() throws {
        let rig = try PeerRig()
        let lobby = try said(to: rig, age: Self.start)
        rig.run(days: 1)
        #expect(try count(lobby, rig) == 2)
    }

    @Test("an entry dated 9999 keeps itself and its children as long as all others, not indefinitely")
    func authorAhead() throws {
        let rig = try PeerRig()
        let member = rig.join("bea", bea)
        let lie = Example.entry("lie", lamport: 1, author: 1, wall: Limits.wallTime, room: .lobby)
        let after = member.entry("after", in: .lobby, lamport: 2, parents: [lie.id])
        rig.say([.entries([lie.bytes, after.bytes])], member)
        rig.breakLink(member)
        let lobby = LogID.lobby(try #require(rig.peer.gathering))
        rig.run(days: 89)
        #expect(try count(lobby, rig) == 2)
        rig.run(days: 4)
        #expect(try count(lobby, rig) == 0)
    }

    @Test("one's own messages from a clock half a year behind are kept when the clock is corrected")
    func ownBehind() throws {
        let rig = try PeerRig(at: Self.start - 180 * Self.day)
        let member = rig.join("bea", bea)
        rig.wait(.seconds(5))
        rig.tell(.commanded(.tell(to: "bea", text: "own", kind: .text), token: nil))
        let log = LogID.conversation(bea.peerID)
        let said = try #require(try rig.archive.keys(of: log).first)
        rig.say([.receipt(room: pair, ids: [said.id])], member)
        #expect(try rig.archive.awaitingReceipt(in: log).isEmpty)
        rig.breakLink(member)
        rig.setClock(by: days(180))
        rig.run(days: 30)
        #expect(try count(log, rig) == 1)
    }

    @Test("the 12 h of a gathering end by either clock, and a clock set back does no harm")
    func gatherings() throws {
        let place = NetworkLocation()
        let (one, other) = (
            GatheringID([UInt8](repeating: 1, count: 32))!, GatheringID([UInt8](repeating: 2, count: 32))!
        )
        func wall(_ hours: UInt64) -> WallTime { WallTime(milliseconds: Self.start + hours * 3_600_000) }
        var known = KnownGatherings()
        known.noteStay(to: one, in: place, at: wall(0), wall(0))
        // After a weekend off.
        #expect(known.gathering(in: place, at: wall(60), wall(0)) == nil)
        // After half a day elsewhere, with the clock set back in between.
        #expect(known.gathering(in: place, at: wall(1), wall(13)) == nil)
        // A stay that was noted with a clock a month ahead is valid neither for a month nor in preference to the other.
        known.noteStay(to: other, in: place, at: wall(720), wall(1))
        #expect(known.gathering(in: place, at: wall(721), wall(1)) == other)
        #expect(known.gathering(in: place, at: wall(2), wall(2)) == one)
        known.noteMerge(of: one)
        #expect(known.gathering(in: place, at: wall(2), wall(2)) == other)
        #expect(known.gathering(in: place, at: wall(20), wall(20)) == nil)
        #expect(KnownGatherings(decoding: known.encoded()) == known)
    }

    @Test("a peer met while the clock was ahead is not the last holder of its name, and a blocked one stays blocked")
    func knownPeers() throws {
        let rig = try PeerRig()
        rig.setClock(by: days(200))
        rig.breakLink(rig.join("bea", bea))
        rig.wait(.seconds(30))
        rig.setClock(by: days(-200))
        rig.wait(.seconds(10))
        rig.breakLink(rig.join("bea", Example.authors[2]))
        rig.wait(.seconds(30))
        let known = try rig.archive.knownPeers()
        let last = known.filter { $0.name == "bea" }.max { $0.lastSeen < $1.lastSeen }
        #expect(last?.id == Example.authors[2].peerID)
        #expect(known.allSatisfy { $0.lastSeen.milliseconds < Self.start + Self.day })

        var roster = Roster()
        let time = WallTime(milliseconds: Self.start)
        var many = (0..<Bounds.knownPeerCount).map { number -> KnownPeer in
            let bytes = (0..<32).map { UInt8(truncatingIfNeeded: number >> (8 * min($0, 3))) }
            return KnownPeer(
                id: PeerID(bytes)!, name: "", firstSeen: time, lastSeen: time, isBlocked: false)
        }
        let eve = KnownPeer(
            id: bea.peerID, name: "eve", firstSeen: WallTime(milliseconds: 0), lastSeen: WallTime(milliseconds: 0),
            isBlocked: true)
        many.append(eve)
        #expect(!roster.load(many).contains(eve.id))
        #expect(roster.blocked.contains(eve.id))
    }
}
