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

/// Announcements by unicast, as a whole peer handles them.
@Suite("Announcements by unicast") struct UnicastTests {
    /// A peer whose outputs are recorded and not carried out.
    private final class Lonely {
        var peer: Peer
        var now = Instant(nanoseconds: 1)
        var outputs: [Output] = []
        /// The interfaces on which its own multicast is received.
        var returns: [UInt32] = [1, 2]

        init(_ set: (inout PeerConfiguration) -> Void = { _ in }) throws {
            var configuration = PeerConfiguration(name: try Nickname("ana"))
            set(&configuration)
            peer = try Peer(
                configuration: configuration, identity: Example.authors[0], random: RandomStream(simulationSeed: 1),
                archive: MemoryArchive())
            let eth = NetworkInterface(
                index: 2, name: "eth0", isLoopback: false,
                addresses: [.init(address: .v4(0x0A00_0001), length: 24)])
            let lo = NetworkInterface(
                index: 1, name: "lo", isLoopback: true, addresses: [.init(address: .v4(0x7F00_0001), length: 8)])
            tell(.started(linkPort: 47474, interfaces: [lo, eth]))
        }

        func tell(_ input: Input) {
            peer.handle(input, at: now, wall: WallTime(milliseconds: 1_800_000_000_000))
            var sent: [[UInt8]] = []
            while let output = peer.nextOutput() {
                if case .multicast(let bytes) = output { sent.append(bytes) }
                outputs.append(output)
            }
            for bytes in sent {
                for index in returns {
                    let address: UInt32 = index == 1 ? 0x7F00_0001 : 0x0A00_0001
                    tell(
                        .datagramReceived(
                            bytes, from: Endpoint(address: .v4(address), port: 40_000),
                            by: .multicast(interface: index)))
                }
            }
        }

        func wait(_ duration: Duration) {
            let end = now + duration
            while let next = peer.nextDeadline?.at, next <= end {
                now = max(next, now)
                tell(.deadlineReached)
            }
            now = end
        }

        var datagrams: [(bytes: [UInt8], to: Endpoint)] {
            outputs.compactMap { if case .sendDatagram(let bytes, let to) = $0 { (bytes, to) } else { nil } }
        }
        var notices: [String] {
            outputs.compactMap { if case .notify(.notice(let text), _) = $0 { text } else { nil } }
        }
        var dials: [(to: Endpoint, from: LocalPort)] {
            outputs.compactMap { if case .openLink(_, let to, let from) = $0 { (to, from) } else { nil } }
        }
    }

    private static func announcement(_ name: String = "bea", sequence: UInt64 = 5) -> SignedAnnouncement {
        let identity = Example.authors[1]
        return SignedAnnouncement(
            signing: Announcement(
                kind: .announce, peer: identity.peerID, instance: 9, sequence: sequence, name: name, claimTime: 1,
                linkPort: 47475), by: identity)
    }

    private let bea = Endpoint(address: .v4(0x0A00_0002), port: 47474)

    @Test("an introduction is answered by a shorter announcement, and both dial from the link port")
    func answered() throws {
        let ana = try Lonely()
        ana.tell(.datagramReceived(Self.announcement().padded, from: bea, by: .unicast))
        ana.wait(.zero)
        let answer = try #require(ana.datagrams.first)
        #expect(answer.to == bea && answer.bytes.count < Limits.introductionBytes)
        #expect(try SignedAnnouncement(verifying: answer.bytes).announcement.peer == ana.peer.id)
        #expect(ana.dials.count == 1 && ana.dials[0].from == .linkPort)
        #expect(ana.dials[0].to == Endpoint(address: bea.address, port: 47475))
    }

    @Test("an answer is not answered, so that two peers never loop, but it also leads to a dial")
    func answer() throws {
        let ana = try Lonely()
        ana.tell(.datagramReceived(Self.announcement().bytes, from: bea, by: .unicast))
        ana.wait(.zero)
        #expect(ana.datagrams.isEmpty && ana.dials.map(\.from) == [.linkPort])
    }

    @Test("an announcement that is forged, from beyond a router, or more than once a second is not answered")
    func unanswered() throws {
        let ana = try Lonely()
        var forged = Self.announcement().padded
        forged[100] ^= 1
        ana.tell(.datagramReceived(forged, from: bea, by: .unicast))
        for far in [0x0A00_0102, 0x0808_0808, 0x7F00_0001] as [UInt32] {
            let source = Endpoint(address: .v4(far), port: 47474)
            ana.tell(.datagramReceived(Self.announcement().padded, from: source, by: .unicast))
        }
        #expect(ana.datagrams.isEmpty && ana.dials.isEmpty)
        for sequence in 5..<30 as Range<UInt64> {
            let bytes = Self.announcement(sequence: sequence).padded
            ana.tell(.datagramReceived(bytes, from: bea, by: .unicast))
        }
        #expect(ana.datagrams.count == 1)
    }

    /// Seed 966 of 6 peers: a peer behind a firewall that rejects connections was never dialled.
    @Test("a peer whose clock was set back after its goodbye is dialled when it introduces itself")
    func olderSequence() throws {
        let ana = try Lonely()
        let identity = Example.authors[1]
        let goodbye = SignedAnnouncement(
            signing: Announcement(
                kind: .goodbye, peer: identity.peerID, instance: 8, sequence: 900, name: "bea", claimTime: 1,
                linkPort: 47475), by: identity)
        ana.tell(.datagramReceived(goodbye.bytes, from: bea, by: .multicast(interface: 2)))
        ana.tell(.datagramReceived(Self.announcement(sequence: 5).padded, from: bea, by: .unicast))
        ana.wait(.zero)
        #expect(ana.datagrams.count == 1 && ana.dials.map(\.from) == [.linkPort])
    }

    @Test("with --no-multicast nothing is announced, asked or answered")
    func noMulticast() throws {
        let ana = try Lonely { $0.usesMulticast = false }
        ana.tell(.neighbourSeen(bea.address))
        ana.tell(.datagramReceived(Self.announcement().padded, from: bea, by: .unicast))
        ana.wait(.seconds(100))
        #expect(ana.datagrams.isEmpty && ana.dials.isEmpty && ana.notices.isEmpty)
    }

    @Test("a peer that is alone announces itself about once a second")
    func alone() throws {
        let ana = try Lonely { $0.usesSweep = false }
        ana.wait(.seconds(101))
        let count = ana.outputs.filter { if case .multicast = $0 { true } else { false } }.count
        #expect((80...130).contains(count))
        #expect(ana.datagrams.isEmpty && ana.notices.isEmpty)
    }

    @Test("after 15 s of silence a firewall on this machine is named, once")
    func firewall() throws {
        let ana = try Lonely()
        ana.returns = [1]
        ana.wait(.seconds(14))
        #expect(ana.notices.isEmpty)
        ana.wait(.seconds(100))
        #expect(
            ana.notices == [
                "nobody heard yet; a firewall on this machine drops what others send (earshot doctor)"
            ])
    }

    @Test("obstacles that the host finds are named")
    func obstacles() throws {
        let ana = try Lonely()
        ana.tell(.obstaclesChanged([.sendingForbidden(interface: "eth0")]))
        ana.wait(.seconds(20))
        #expect(
            ana.notices == [
                "nobody heard yet; this machine does not let earshot send on eth0, as the kill switch of a VPN does "
                    + "(earshot doctor)"
            ])
        let other = try Lonely()
        other.tell(.obstaclesChanged([.discoveryPortTaken]))
        other.wait(.seconds(20))
        #expect(
            other.notices == [
                "nobody heard yet; another program on this machine uses UDP port 47474 exclusively (earshot doctor)"
            ])
    }

    @Test("a list of peers explains each time why it is empty, unless no cause is known")
    func asked() throws {
        let ana = try Lonely()
        ana.wait(.seconds(2))
        ana.tell(.commanded(.who, token: nil))
        #expect(ana.notices.isEmpty)
        ana.tell(.obstaclesChanged([.discoveryPortTaken]))
        for _ in 0..<2 { ana.tell(.commanded(.who, token: nil)) }
        let text = "nobody heard yet; another program on this machine uses UDP port 47474 exclusively (earshot doctor)"
        #expect(ana.notices == [text, text])
        let lonely = try Lonely { $0.usesMulticast = false }
        lonely.tell(.obstaclesChanged([.discoveryPortTaken]))
        lonely.wait(.seconds(2))
        lonely.tell(.commanded(.who, token: nil))
        #expect(lonely.notices.isEmpty)
    }

    @Test("a machine without a network gets a notice of that")
    func noNetwork() throws {
        let ana = try Lonely()
        ana.tell(.interfacesChanged([]))
        ana.wait(.seconds(20))
        #expect(ana.notices == ["nobody heard yet; this machine is not connected to a network (earshot doctor)"])
    }

    @Test("a peer that is heard but not reached by any dial is named")
    func unreachable() throws {
        let ana = try Lonely()
        let heard = Self.announcement()
        ana.tell(.datagramReceived(heard.bytes, from: bea, by: .multicast(interface: 2)))
        // The peer does not answer: each dial times out after three seconds.
        ana.wait(.seconds(60))
        #expect(ana.notices == ["bea is heard but does not answer at 10.0.0.2:47475 (earshot doctor 10.0.0.2)"])
    }
}
