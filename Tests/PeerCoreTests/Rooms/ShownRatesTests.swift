import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A peer that talks, changes its name and comes and goes faster than a person can read.
@Suite struct ShownRatesTests {
    private func rig() throws -> PeerRig { try PeerRig { $0.limitsLines = true } }

    /// Sends this many lines by one author, each with the one before as its parent.
    private func flood(_ count: Int, by author: TestMember, through carrier: TestMember, _ rig: PeerRig) {
        var parents: [EntryID] = []
        for number in 0..<count {
            let entry = author.entry("line \(number)", in: .lobby, lamport: UInt64(number + 1), parents: parents)
            parents = [entry.id]
            rig.say([.entries([entry.bytes])], carrier)
        }
    }

    private func notices(_ rig: PeerRig) -> [String] {
        rig.events.compactMap { if case .notice(let text) = $0 { text } else { nil } }
    }

    @Test("of thousands of lines a person sees a hundred and one notice, and misses nothing from others")
    func lines() throws {
        let rig = try rig()
        let loud = rig.join("cem", Example.authors[2])
        let quiet = rig.join("ben", Example.authors[1])
        flood(3_000, by: loud, through: loud, rig)
        rig.say([.entries([quiet.entry("hello", in: .lobby, lamport: 9_000).bytes])], quiet)
        #expect(rig.texts == (0..<100).map { "line \($0)" } + ["hello"])
        rig.wait(.seconds(2))
        #expect(notices(rig).count == 1)
        #expect(notices(rig).first?.hasPrefix("2900 lines by cem came too fast to be read and are not shown") == true)
        #expect(try rig.archive.keys(of: .lobby(try #require(rig.peer.gathering))).count == 3_001)
        // Its next line is shown as usual.
        rig.say([.entries([loud.entry("sorry", in: .lobby, lamport: 9_001).bytes])], loud)
        #expect(rig.texts.last == "sorry")
    }

    @Test("absent authors share one allowance, even if invented, and a program gets every line")
    func invented() throws {
        for limits in [true, false] {
            let rig = try PeerRig { $0.limitsLines = limits }
            let carrier = rig.join("cem", Example.authors[2])
            for number in 0..<30 as Range<UInt8> {
                let author = TestMember(
                    identity: Identity(seed: [UInt8](repeating: number &+ 100, count: 32)), link: carrier.link,
                    endpoint: carrier.endpoint, random: &rig.random)
                flood(10, by: author, through: carrier, rig)
            }
            #expect(rig.texts.count == (limits ? 100 : 300))
            rig.tell(.commanded(.quit(afterReceipts: false), token: nil))
            let told = notices(rig).filter { $0.hasPrefix("200 lines by people who are not here") }
            #expect(told.count == (limits ? 1 : 0))
        }
    }

    @Test("rapid changes of name and away text are shown ten times, then once a second, and the last one always")
    func changes() throws {
        let rig = try rig()
        let member = rig.join("cem", Example.authors[2])
        rig.events.removeAll()
        for number in 0..<500 {
            guard case .hello(let announcement, _, _) = member.hello(as: "cem\(number)") else { continue }
            rig.say([.announcement(announcement), .away(number.isMultiple(of: 2) ? "out \(number)" : nil)], member)
        }
        let changes = { rig.events.filter { if case .peer = $0 { true } else { false } }.count }
        #expect(changes() == 9)
        rig.wait(.seconds(5))
        #expect(changes() <= 16)
        let names = rig.events.compactMap { event in
            if case .peer(let change) = event, change.state == .renamed { change.peer.name } else { nil }
        }
        #expect(names.last == "cem499")
        rig.say([.away("gone")], member)
        rig.wait(.seconds(3))
        guard case .peer(let last)? = rig.events.last else {
            Issue.record("nothing was told")
            return
        }
        #expect(last.state == .away && last.peer.away == "gone")
    }

    @Test("a peer that constantly leaves and returns is shown as rarely")
    func presenceChanges() throws {
        let rig = try rig()
        for _ in 0..<50 {
            let member = rig.join("cem", Example.authors[2])
            rig.say([.goodbye(.leaving)], member)
        }
        let joined = rig.events.filter { if case .peer(let change) = $0 { change.state == .joined } else { false } }
        #expect(joined.count == 10)
    }

    @Test("violations by unauthenticated links and members are noted in words, five lines and then one a minute")
    func violations() throws {
        let rig = try rig()
        let warnings = { rig.notes.filter { $0.level == .warning }.map(\.text) }
        for number in 0..<40 as Range<UInt64> {
            let link = LinkID(number: 5_000 + number)
            rig.tell(.linkAccepted(link, from: Endpoint(address: .v4(0x0A00_0009), port: 1_234)))
            rig.tell(.linkBytesReceived(link, [0, 3, 1, 2, 3]))
        }
        try #require(warnings().count == 5)
        #expect(warnings()[0] == "a program at 10.0.0.9:1234 is cut off: what it says is not Earshot's protocol")
        rig.wait(.seconds(61))
        let member = rig.join("cem", Example.authors[2])
        rig.sayEncoded([[0x82, 0x05]], member)
        try #require(warnings().count == 6)
        #expect(
            warnings()[5].hasPrefix("cem at 10.") && warnings()[5].contains("is cut off: a frame that cannot be read")
                && warnings()[5].hasSuffix("(35 earlier warnings omitted)"))
    }
}
