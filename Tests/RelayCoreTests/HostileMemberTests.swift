import CoreTestKit
import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Hostile members of a relay")
struct HostileMemberTests {
    @Test("a message in another's name reaches no member")
    func forgery() throws {
        let rig = try RelayRig()
        let (ana, eve, ben) = (rig.join("ana"), rig.join("eve"), rig.join("ben"))
        rig.say([.entries([eve.entry("I am ana", signedBy: ana.identity).bytes])], eve)
        #expect(eve.declined == [.author])
        #expect(ben.texts.isEmpty && rig.relay.counters.entriesKept == 0)
        var forged = eve.entry("broken").bytes
        forged[forged.count - 1] ^= 1
        rig.say([.entries([forged])], eve)
        #expect(eve.goodbye == .violation)
        #expect(ben.texts.isEmpty && !ben.isClosed)
    }

    @Test("frames that only a relay sends, second ones and early ones close their sender's link and no other")
    func violations() throws {
        let rig = try RelayRig()
        let ana = rig.join("ana")
        let wrong: [(TestMember) -> [Frame]] = [
            { [$0.hello(as: "x")] },
            { _ in [.join(RelayJoin(name: "x", isStrict: false, password: nil, program: ""))] },
            { _ in [.members(RelayMembers(isFresh: true, changes: []))] },
            { _ in [.notice("from the relay")] },
            { _ in [.topic("mine", by: "ana")] },
            { _ in [.removed(RelayRemoval(how: .kick, by: "x", reason: ""))] },
            { _ in
                [
                    .welcome(
                        RelayWelcome(
                            name: "x", relayName: "x", isOperator: true, topic: nil, messageOfTheDay: nil, rate: 0,
                            burst: 0))
                ]
            },
            { [.tunnel(RelayTunnel(peer: $0.id, number: 1, isFromOpener: true), bytes: [1])] },
            { [.reconcile(room: .relayLobby(of: $0.relay ?? .least), gathering: nil, message: [0xFF])] },
        ]
        for (number, frames) in wrong.enumerated() {
            let eve = rig.join("eve")
            rig.say(frames(eve), eve)
            #expect(eve.goodbye == .violation, "case \(number)")
            #expect(ana.names == ["ana"], "case \(number)")
        }
        let early = rig.connect()
        rig.say([.entries([early.entry("early").bytes])], early)
        #expect(early.goodbye == .violation)
        #expect(!ana.isClosed && ana.notices.isEmpty)
    }

    @Test("random bytes before or after the handshake cost their sender the link", arguments: 1...5)
    func rubbish(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rig = try RelayRig()
        let ana = rig.join("ana")
        for number in 0..<50 {
            let link = LinkID(number: (1 << 63) + 1_000_000 + UInt64(number))
            rig.tell(.linkAccepted(link, from: Endpoint(address: .v4(0x0B00_0001), port: 1)))
            rig.tell(.linkBytesReceived(link, random.bytes(Int.random(in: 1...3_000, using: &random))))
            let eve = rig.join("eve", from: 0x0B00_0002)
            rig.tell(.linkBytesReceived(eve.link, random.bytes(Int.random(in: 100...3_000, using: &random)) + [0, 0]))
        }
        rig.wait(.seconds(15))
        #expect(rig.relay.counters.unauthenticated == 0)
        rig.say("still here", ana)
        #expect(rig.relay.counters.entriesKept == 1)
    }

    @Test("mutated frames never trap, and harm nobody but their sender", arguments: 1...3)
    func mutations(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rig = try RelayRig {
            $0.limits.connectionRatePerAddress = 1e6
            $0.limits.connectionsPerAddress = 10_000
            $0.limits.messageRate = 1e6
        }
        let ana = rig.join("ana")
        var eve = rig.join("eve", from: 0x0B00_0001)
        for turn in 0..<2_000 {
            if eve.isClosed { eve = rig.join("eve", from: 0x0B00_0001) }
            let bytes = random.mutated(sample(turn, eve).encoded())
            guard !bytes.isEmpty, bytes.count <= Limits.frameBytes else { continue }
            rig.sayEncoded(bytes, eve)
        }
        #expect(!ana.isClosed)
        #expect(rig.relay.counters.members <= 2)
    }

    private func sample(_ turn: Int, _ eve: TestMember) -> Frame {
        let ana = eve.roster.keys.min() ?? .least
        return switch turn % 5 {
        case 0: .entries([eve.entry("hi").bytes])
        case 1: .have(room: .relayLobby(of: eve.relay ?? .least), ids: [.greatest])
        case 2: .moderate(RelayModeration(number: 1, act: .ban, target: "ana", text: "x", seconds: 1 << 30))
        case 3: .tunnel(RelayTunnel(peer: ana, number: 1, isFromOpener: true), bytes: [1])
        default: .away("out")
        }
    }

    @Test("a tunnel carries bytes both ways under the right names, and is closed if the other end is gone")
    func tunnels() throws {
        let rig = try RelayRig()
        let (ana, ben) = (rig.join("ana"), rig.join("ben"))
        rig.say([.tunnel(RelayTunnel(peer: ben.id, number: 4, isFromOpener: true), bytes: [1, 2])], ana)
        #expect(ben.frames.last == .tunnel(RelayTunnel(peer: ana.id, number: 4, isFromOpener: true), bytes: [1, 2]))
        rig.say([.tunnel(RelayTunnel(peer: ana.id, number: 4, isFromOpener: false), bytes: [3])], ben)
        #expect(ana.frames.last == .tunnel(RelayTunnel(peer: ben.id, number: 4, isFromOpener: false), bytes: [3]))
        let noSuchPeerText = RelayTunnel(peer: .greatest, number: 5, isFromOpener: true)
        rig.say([.tunnel(noSuchPeerText, bytes: [1])], ana)
        #expect(ana.frames.last == .tunnelClosed(RelayTunnel(peer: .greatest, number: 5, isFromOpener: false)))
        #expect(!ana.isClosed && !ben.isClosed)
    }

    /// Returns the first byte of each frame that arrived through a tunnel.
    private func carried(to member: TestMember, number: UInt64) -> [UInt8] {
        member.frames.compactMap {
            if case .tunnel(let tunnel, let bytes) = $0, tunnel.number == number { bytes.first } else { nil }
        }
    }

    @Test("a tunnel that exceeds its rate is slowed, keeps its order, and is closed only beyond a bound")
    func tunnelRate() throws {
        let rig = try RelayRig {
            $0.limits.tunnelByteBurst = 40_000
            $0.limits.tunnelByteRate = 100_000
            $0.limits.waitingTunnelBytes = 200_000
        }
        let (ana, ben) = (rig.join("ana"), rig.join("ben"))
        let tunnel = RelayTunnel(peer: ben.id, number: 6, isFromOpener: true)
        func send(_ number: UInt8) {
            rig.say([.tunnel(tunnel, bytes: [number] + [UInt8](repeating: 7, count: 9_000))], ana)
        }
        for number in 0..<10 as Range<UInt8> { send(number) }
        rig.say([.tunnelClosed(tunnel)], ana)
        #expect(carried(to: ben, number: 6) == [0, 1, 2, 3])
        rig.wait(.milliseconds(300))
        let soon = carried(to: ben, number: 6)
        #expect(soon.count > 5 && soon.count < 9)
        rig.wait(.seconds(1))
        #expect(carried(to: ben, number: 6) == Array(0..<10))
        // The close follows everything that the tunnel carried.
        #expect(ben.frames.last == .tunnelClosed(RelayTunnel(peer: ana.id, number: 6, isFromOpener: true)))
        #expect(!ana.frames.contains { if case .tunnelClosed = $0 { true } else { false } })

        for number in 0..<40 as Range<UInt8> { send(number) }
        #expect(ana.frames.contains(.tunnelClosed(RelayTunnel(peer: ben.id, number: 6, isFromOpener: false))))
        #expect(!ana.isClosed && !ben.isClosed)
    }

    @Test("a member that does not read is not cut for others' tunnel traffic, and holds up no other tunnel")
    func slowTunnelReader() throws {
        let rig = try RelayRig { $0.limits.queueBytes = 100_000 }
        let (ana, ben, cem) = (rig.join("ana"), rig.join("ben"), rig.join("cem"))
        ben.isReading = false
        let bytes = [UInt8](repeating: 7, count: 9_000)
        for _ in 0..<50 {
            rig.say([.tunnel(RelayTunnel(peer: ben.id, number: 1, isFromOpener: true), bytes: bytes)], ana)
            rig.wait(.milliseconds(1))
        }
        rig.say([.tunnel(RelayTunnel(peer: cem.id, number: 2, isFromOpener: true), bytes: [1, 2])], ana)
        #expect(carried(to: cem, number: 2) == [1])
        #expect(!ben.isClosed && carried(to: ben, number: 1).count < 10)
        ben.isReading = true
        rig.tell(.linkDrained(ben.link))
        rig.wait(.seconds(1))
        #expect(carried(to: ben, number: 1).count == 50)
    }

    @Test("the queue for a slow reader is sent in parts, so that it is not cut when it reads again")
    func slowTunnelReaderGoesOn() throws {
        let rig = try RelayRig()
        let (ana, ben) = (rig.join("ana"), rig.join("ben"))
        ben.isReading = false
        let tunnel = RelayTunnel(peer: ben.id, number: 1, isFromOpener: true)
        let bytes = [UInt8](repeating: 7, count: Limits.tunnelBytes)
        for _ in 0..<34 {
            rig.say([.tunnel(tunnel, bytes: bytes)], ana)
            rig.wait(.milliseconds(10))
        }
        rig.wait(.seconds(4))
        // It continues to read, one window at a time.
        for _ in 0..<60 {
            rig.tell(.linkDrained(ben.link))
            rig.wait(.milliseconds(50))
        }
        #expect(!ben.isClosed && rig.relay.counters.sinceStart.failures.tooSlow == 0)
        #expect(carried(to: ben, number: 1).count == 34)
    }

    @Test("lobby messages do not wait behind all tunnel traffic")
    func lobbyBesideTunnels() throws {
        let rig = try RelayRig()
        let (ana, ben, cem) = (rig.join("ana"), rig.join("ben"), rig.join("cem"))
        ben.isReading = false
        let bytes = [UInt8](repeating: 7, count: Limits.tunnelBytes)
        for _ in 0..<30 {
            rig.say([.tunnel(RelayTunnel(peer: ben.id, number: 1, isFromOpener: true), bytes: bytes)], ana)
        }
        rig.say("hello", cem)
        ben.isReading = true
        rig.tell(.linkDrained(ben.link))
        rig.wait(.seconds(1))
        let place = ben.frames.firstIndex { if case .entries = $0 { true } else { false } } ?? .max
        let ahead = ben.frames.prefix(place).count { if case .tunnel = $0 { true } else { false } }
        #expect(ben.texts == ["hello"] && carried(to: ben, number: 1).count == 30)
        let most = Bounds.outstandingBytes + Bounds.relayTunnelQueueBytes + Limits.tunnelBytes
        #expect(ahead * Limits.tunnelBytes <= most)
    }

    @Test("beyond the bound the tunnel with the longest queue is closed, and no other")
    func tunnelHog() throws {
        let rig = try RelayRig()
        let (ana, ben, cem) = (rig.join("ana"), rig.join("ben"), rig.join("cem"))
        ben.isReading = false
        cem.isReading = false
        func send(_ count: Int, to member: TestMember, number: UInt64) {
            let bytes = [UInt8](repeating: UInt8(number), count: Limits.tunnelBytes)
            for _ in 0..<count {
                rig.say([.tunnel(RelayTunnel(peer: member.id, number: number, isFromOpener: true), bytes: bytes)], ana)
                rig.wait(.milliseconds(100))
            }
        }
        // The first few are passed on, and the rest waits.
        send(33, to: ben, number: 1)
        send(28, to: cem, number: 2)
        let closed = ana.frames.compactMap { if case .tunnelClosed(let tunnel) = $0 { tunnel.number } else { nil } }
        #expect(closed == [1])
        for member in [cem, ben] {
            member.isReading = true
            rig.tell(.linkDrained(member.link))
        }
        rig.wait(.seconds(10))
        #expect(carried(to: cem, number: 2).count == 28)
        // It first had to read the earlier frames.
        let isTold = ben.frames.last == .tunnelClosed(RelayTunnel(peer: ana.id, number: 1, isFromOpener: true))
        #expect(isTold)
    }

    @Test("members bring back entries that the relay has lost, but not those of an author that was never here")
    func broughtBack() throws {
        let rig = try RelayRig()
        let (ana, ben) = (rig.join("ana"), rig.join("ben"))
        let lost = ana.entry("lost by the relay")
        var random = SeededGenerator(seed: 1)
        let invented = ben.entry("invented", signedBy: Identity(seed: random.bytes(32)))
        rig.say([.have(room: .relayLobby(of: rig.identity.peerID), ids: [lost.id, invented.id])], ben)
        #expect(ben.frames.contains { if case .want(_, let ids) = $0 { ids.count == 2 } else { false } })
        rig.say([.entries([lost.bytes, invented.bytes])], ben)
        #expect(ana.texts == ["lost by the relay"])
        #expect(ben.declined == [.author])
        // Unrequested entries of others are declined even if they are genuine.
        rig.say([.entries([ana.entry("unasked").bytes])], ben)
        #expect(rig.relay.counters.entriesKept == 1)
    }

    @Test("a member that is silent for half a minute is dropped; one that pings is not")
    func silence() throws {
        let rig = try RelayRig()
        let (ana, ben) = (rig.join("ana"), rig.join("ben"))
        for _ in 0..<5 {
            rig.wait(.seconds(10))
            rig.say([.ping(1)], ana)
        }
        #expect(!ana.isClosed && ben.isClosed)
        #expect(ana.names == ["ana"])
    }
}
