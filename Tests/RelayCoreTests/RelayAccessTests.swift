import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Access to a relay, and attempts to exhaust it")
struct RelayAccessTests {
    @Test("a room password is required: the right one admits, a wrong one or none does not")
    func password() throws {
        let rig = try RelayRig { $0.roomPassword = RelayRig.isRight("secret") }
        #expect(rig.join("ana", password: "secret").welcome != nil)
        #expect(rig.join("ben", password: "guess").refusal?.code == .wrongPassword)
        #expect(rig.join("cem").refusal?.code == .wrongPassword)
        #expect(rig.relay.counters.sinceStart.refusals[Int(RelayRefusal.Code.wrongPassword.rawValue)] == 2)
    }

    @Test("guesses run the slow check only a few times, and no check runs once the right password is known")
    func slowCheck() throws {
        // The rig runs on one thread.
        final class Count: @unchecked Sendable { var checks = 0 }
        let count = Count()
        let rig = try RelayRig {
            $0.roomPassword = PasswordCheck(tag: []) { password in
                count.checks += 1
                return password == Array("secret".utf8)
            }
        }
        let codes = (0..<100).map { rig.join("eve", password: "\($0)", from: 0x0B00_0000 + $0).refusal?.code }
        #expect(codes[0] == .wrongPassword && codes[99] == .busy)
        #expect(count.checks < 10)
        rig.wait(.seconds(5))
        #expect(rig.join("ana", password: "secret", from: 0x0C00_0001).welcome != nil)
        let checks = count.checks
        for number in 0..<100 {
            let eve = rig.join("eve", password: "x\(number)", from: 0x0D00_0000 + UInt32(number))
            #expect(eve.refusal?.code == .wrongPassword)
        }
        for number in 0..<100 {
            let member = rig.join("m\(number)", password: "secret", from: 0x0C00_0001)
            #expect(member.welcome != nil)
        }
        #expect(count.checks == checks)
    }

    @Test("if keys are listed, only those may join")
    func list() throws {
        var random = RandomStream(simulationSeed: 9)
        let invited = Identity(seed: random.bytes(32))
        let rig = try RelayRig { $0.allowedPeers = [invited.peerID] }
        #expect(rig.join("ana", as: invited).welcome != nil)
        let stranger = rig.join("ben")
        #expect(stranger.refusal?.code == .notListed)
        // The refusal contains the key, to be passed on to the person that keeps the list.
        #expect(stranger.refusal?.reason.contains("\(stranger.id)") == true)
    }

    @Test("a full relay refuses others, but admits a returning member and operators")
    func full() throws {
        let rig = try RelayRig {
            $0.limits.memberCount = 2
            $0.operatorPassword = RelayRig.isRight("sesame")
        }
        let (ana, _) = (rig.join("ana"), rig.join("ben"))
        #expect(rig.join("cem").refusal?.code == .full)
        let again = rig.join("ana", as: ana.identity)
        #expect(again.welcome?.name == "ana")
        #expect(ana.goodbye == .duplicate && ana.isClosed)
        #expect(again.names == ["ana", "ben"])
        #expect(rig.join("op", password: "sesame").welcome?.isOperator == true)
    }

    @Test("silent connections are evicted for honest ones, and one address gets only a share")
    func silent() throws {
        let rig = try RelayRig {
            $0.limits.handshakeCount = 8
            $0.limits.connectionsPerAddress = 16
        }
        for number in 0..<1_000 {
            let link = LinkID(number: (1 << 63) + 1_000_000 + UInt64(number))
            rig.tell(.linkAccepted(link, from: Endpoint(address: .v4(0x0A00_0066), port: 1)))
            #expect(rig.relay.counters.unauthenticated <= 8)
        }
        #expect(rig.relay.counters.sinceStart.connectionsRefused >= 900)
        #expect(rig.join("ana").welcome != nil)
        rig.wait(.seconds(12))
        #expect(rig.relay.counters.unauthenticated == 0)
    }

    @Test("a member above the rate is first warned, then slowed down, and loses nothing")
    func pace() throws {
        let rig = try RelayRig {
            $0.limits.messageRate = 10
            $0.limits.messageBurst = 5
        }
        let (ana, ben) = (rig.join("ana"), rig.join("ben"))
        for number in 0..<30 { rig.say("\(number)", ana) }
        #expect(ben.texts.count == 5)
        #expect(ana.notices.count == 1)
        rig.wait(.seconds(1))
        #expect((10...17).contains(ben.texts.count))
        rig.wait(.seconds(3))
        #expect(ben.texts == (0..<30).map(String.init))
        #expect(!ana.isClosed)
    }

    @Test("a member that continues to flood is removed, and what it said before is passed on")
    func flood() throws {
        let rig = try RelayRig {
            $0.limits.messageRate = 10
            $0.limits.messageBurst = 5
            $0.limits.waitingMessageCount = 20
        }
        let (ana, ben) = (rig.join("ana"), rig.join("ben"))
        for number in 0..<100 where !ana.isClosed { rig.say("\(number)", ana) }
        #expect(ana.isClosed && ana.removal?.how == .flood)
        #expect(ben.names == ["ben"])
        #expect(rig.relay.counters.sinceStart.failures.floods == 1)
    }

    @Test("of a flood of joins and leaves only the outcome is sent", arguments: [10, 200])
    func joinFlood(count: Int) throws {
        let rig = try RelayRig { $0.limits.connectionRatePerAddress = 1e6 }
        for number in 0..<60 { rig.join("m\(number)") }
        rig.wait(.seconds(2))
        let ana = rig.join("ana")
        rig.wait(.seconds(2))
        let before = ana.frames.count
        for number in 0..<count {
            let eve = rig.join("eve\(number)", from: 0x0B00_0001)
            rig.close(eve)
        }
        rig.wait(.seconds(2))
        #expect(ana.names.count == 61)
        #expect(ana.frames.count - before <= 4)
    }
}
