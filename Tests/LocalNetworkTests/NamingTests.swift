import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import LocalNetwork

@Suite struct NamingTests {
    private let start = Instant(nanoseconds: 0)
    private let wall = WallTime(milliseconds: 1_000)

    private func peer(_ number: UInt8) -> PeerID { PeerID([UInt8](repeating: number, count: 32))! }
    private func name(_ text: String) throws -> Nickname { try Nickname(text) }

    private func acts(_ naming: inout Naming) -> [Naming.Act] {
        var acts: [Naming.Act] = []
        while let act = naming.nextAct() { acts.append(act) }
        return acts
    }

    @Test("a name without objections is probed for three times and held after 0.75 s")
    func settles() throws {
        var naming = Naming(peer: peer(1), isStrict: false)
        naming.claim(try name("ana"), at: start, wall: wall)
        var announcements = acts(&naming).count { $0 == .announce }
        while naming.claim?.isHeld == false, let next = naming.nextDeadline {
            naming.deadlineReached(at: next.at, wall: wall)
            if naming.claim?.isHeld == true {
                #expect(next.at == start + .milliseconds(750))
                #expect(acts(&naming).contains(.settled(try name("ana"))))
            } else {
                announcements += acts(&naming).count { $0 == .announce }
            }
        }
        #expect(announcements == 3)
    }

    @Test("a holder's defence makes the prober take the next free name, whatever its claim time")
    func holderWins() throws {
        var naming = Naming(peer: peer(1), isStrict: false)
        naming.claim(try name("ana"), at: start, wall: wall)
        _ = acts(&naming)
        let two = Claim(name: try name("ana-2"), time: wall, isHeld: true)
        naming.claimHeard(two, from: peer(3), at: start, wall: wall)
        let held = Claim(name: try name("ANA"), time: WallTime(milliseconds: 9_999), isHeld: true)
        naming.claimHeard(held, from: peer(2), at: start, wall: wall)
        #expect(naming.claim?.name.text == "ana-3")
        #expect(
            acts(&naming).first
                == .lost(try name("ana"), to: peer(2), now: try name("ana-3"), wasHeld: false))
    }

    @Test("of two holders that meet, the earlier claim wins, then the lower peer ID; both reach the same result")
    func totalOrder() throws {
        for (mine, theirs, iWin) in [(5, 6, true), (6, 5, false), (5, 5, true)] as [(UInt64, UInt64, Bool)] {
            var winners: [Bool] = []
            for isFirst in [true, false] {
                var naming = Naming(peer: peer(isFirst ? 1 : 2), isStrict: false)
                naming.claim(
                    try name("ana"), at: start, wall: WallTime(milliseconds: isFirst ? mine : theirs))
                while naming.claim?.isHeld == false, let next = naming.nextDeadline {
                    naming.deadlineReached(at: next.at, wall: wall)
                }
                let other = Claim(
                    name: try name("ana"), time: WallTime(milliseconds: isFirst ? theirs : mine), isHeld: true)
                naming.claimHeard(other, from: peer(isFirst ? 2 : 1), at: start + .seconds(1), wall: wall)
                winners.append(naming.claim?.name.text == "ana")
            }
            #expect(winners == [iWin, !iWin])
        }
    }

    @Test("with a strict name, a taken one ends the attempt, even if it was known before the first claim")
    func strict() throws {
        for isKnownBefore in [true, false] {
            var naming = Naming(peer: peer(2), isStrict: true)
            let held = Claim(name: try name("ana"), time: wall, isHeld: true)
            if isKnownBefore { naming.claimHeard(held, from: peer(1), at: start, wall: wall) }
            naming.claim(try name("ana"), at: start, wall: wall)
            if !isKnownBefore { naming.claimHeard(held, from: peer(1), at: start, wall: wall) }
            #expect(acts(&naming).contains(.taken(try name("ana"), by: peer(1))))
        }
    }

    @Test("a change to a name that another peer has is refused and the old one kept; a change of case is allowed")
    func rename() throws {
        var naming = Naming(peer: peer(1), isStrict: false)
        naming.claim(try name("ana"), at: start, wall: wall)
        naming.claimHeard(Claim(name: try name("bea"), time: wall, isHeld: true), from: peer(2), at: start, wall: wall)
        _ = acts(&naming)
        naming.rename(to: try name("Bea"), at: start, wall: wall)
        #expect(acts(&naming) == [.refused(try name("bea"), by: peer(2))])
        naming.rename(to: try name("Ana"), at: start, wall: wall)
        #expect(naming.claim?.name.text == "Ana")
        naming.claimWithdrawn(by: peer(2))
        naming.rename(to: try name("bea"), at: start, wall: wall)
        #expect(naming.claim?.name.text == "bea")
    }
}
