import CoreTestKit
import Secure
import TestKit
import Testing
import Wire

@testable import CoreModel
@testable import Links
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

@Suite("Slow links, and peers that take more than they give")
struct SlowLinkTests {
    private func seed(_ number: UInt64) -> [UInt8] {
        var stream = RandomStream(simulationSeed: 2_000 + number)
        return stream.bytes(32)
    }

    /// The other end of a tunnel, carried by a relay that forwards everything.
    private final class TunnelEnd {
        let identity: Identity
        let rig: ScriptedRelay
        private var channel: Channel
        private var number: UInt64
        private var read = 0
        private(set) var frames: [Frame] = []

        init(_ identity: Identity, at rig: ScriptedRelay, seeds: [[UInt8]]) throws {
            self.identity = identity
            self.rig = rig
            number = 1
            channel = Channel(
                role: .initiator, identity: identity, staticKey: NoiseKeyPair(privateKey: seeds[0]),
                ephemeral: NoiseKeyPair(privateKey: seeds[1]))
            channel.opened()
            for _ in 0..<2 {
                flush()
                try receive()
            }
            let announcement = Announcement(
                kind: .announce, peer: identity.peerID, instance: 1, sequence: 1, name: "ben", claimTime: 1,
                linkPort: 1)
            try say([
                .hello(
                    announcement: SignedAnnouncement(signing: announcement, by: identity).bytes, gathering: nil,
                    away: nil)
            ])
        }

        var room: RoomID { .conversation(identity.peerID, rig.own.peerID) }

        func say(_ frames: [Frame]) throws {
            for frame in frames { channel.queue(frame.encoded()) }
            flush()
            try receive()
        }

        private func flush() {
            var bytes: [UInt8] = []
            channel.flush(into: &bytes, most: .max)
            let tunnel = RelayTunnel(peer: identity.peerID, number: number, isFromOpener: true)
            for start in stride(from: 0, to: bytes.count, by: Limits.tunnelBytes) {
                let end = min(start + Limits.tunnelBytes, bytes.count)
                rig.say(.tunnel(tunnel, bytes: Array(bytes[start..<end])))
            }
        }

        func receive() throws {
            while read < rig.frames.count {
                defer { read += 1 }
                guard case .tunnel(_, let bytes) = rig.frames[read] else { continue }
                for frame in try channel.bytesReceived(bytes).frames { frames.append(try Frame(decoding: frame)) }
            }
        }
    }

    private func tunnel() throws -> (rig: ScriptedRelay, end: TunnelEnd) {
        let rig = try ScriptedRelay()
        let other = Identity(seed: seed(1))
        rig.start()
        rig.welcome(members: [RelayMember(peer: other.peerID, state: .here, name: "ben")])
        // Until its name is settled, the peer sends nothing.
        rig.wait(.seconds(2))
        let end = try TunnelEnd(other, at: rig, seeds: [seed(2), seed(3)])
        try #require(end.frames.contains { if case .hello = $0 { true } else { false } })
        return (rig, end)
    }

    @Test("tunnel queues are bounded, whatever others request through them, and the relay's link stays")
    func tunnelsOfSlowRelay() throws {
        let (rig, end) = try tunnel()
        let entry = rig.entry("hi", by: end.identity, in: end.room)
        try end.say([.entries([entry.bytes])])
        #expect(rig.texts == ["hi"])
        rig.health = .sendOnly
        // Each request has an answer of the same size.
        let question = Frame.have(room: end.room, ids: Array(repeating: entry.id, count: 900))
        var bytes = 0
        while !rig.peer.sessions.tunnels.isEmpty, bytes < 2 * Bounds.linkQueueBytes {
            try end.say([question])
            bytes += 900 * 34
            rig.wait(.milliseconds(1))
        }
        #expect(rig.link != nil && rig.peer.sessions.tunnels.isEmpty)
        #expect(bytes < Bounds.linkQueueBytes + 10 * Bounds.outstandingBytes)
    }

    @Test("everything queued for a tunnel is sent before its close")
    func endOfTunnel() throws {
        let (rig, end) = try tunnel()
        rig.health = .sendOnly
        for number in 0..<12 {
            let text = "\(number) " + String(repeating: "x", count: 15_000)
            rig.tell(.commanded(.tell(to: "ben", text: text, kind: .text), token: nil))
        }
        rig.tell(.commanded(.quit(afterReceipts: false), token: nil))
        try end.receive()
        let texts = try end.frames.flatMap { frame -> [String] in
            guard case .entries(let list) = frame else { return [] }
            return try list.map { try SignedEntry(parsing: $0).entry.body }
        }
        #expect(texts.count == 12)
    }

    @Test("a peer that reads less than it requests is cut when its queue far exceeds any burst")
    func fallingBehind() throws {
        let rig = try PeerRig()
        let slow = rig.join("ben", Example.authors[1])
        rig.isRead = false
        let text = String(repeating: "x", count: Limits.textBytes)
        var rounds = 0
        while !slow.isClosed, rounds < 400 {
            rounds += 1
            rig.wait(.milliseconds(1), isAlive: false)
            rig.tell(.linkDrained(slow.link))
            for _ in 0..<8 { rig.tell(.commanded(.say(text: text, kind: .text, room: nil), token: nil)) }
        }
        #expect(slow.isClosed)
    }

    @Test("a peer that waits for answers requests no more than the other side may have pending")
    func patientAsker() throws {
        let rig = try PeerRig()
        let member = rig.join("ben", Example.authors[1])
        let first = (1...40).map { member.entry("\($0)", in: .lobby, lamport: UInt64($0)) }
        let ids = first.map(\.id) + (0..<5_000).map { EntryID(of: [UInt8($0 >> 8), UInt8($0 & 255)]) }
        for start in stride(from: 0, to: ids.count, by: 1_000) {
            rig.say([.have(room: .lobby, ids: Array(ids[start..<min(start + 1_000, ids.count)]))], member)
        }
        for entry in first { rig.say([.entries([entry.bytes])], member) }
        #expect(member.wanted.count > 200)
        // Only chat gets through; requested entries wait behind it.
        var unanswered = 0
        for second in 0..<60 {
            rig.wait(.seconds(1))
            let entry = member.entry("now \(second)", in: .lobby, lamport: UInt64(100 + second))
            rig.say([.entries([entry.bytes])], member)
            unanswered = max(unanswered, Set(member.wanted).subtracting(first.map(\.id)).count)
        }
        #expect(unanswered > 400 && unanswered <= Limits.wantedEntryCount)
    }

    @Test("the remaining entries are requested after a while, if those requested before are unavailable")
    func goesOnAsking() throws {
        let rig = try PeerRig()
        let member = rig.join("ben", Example.authors[1])
        let ids = (0..<40).map { EntryID(of: [UInt8($0)]) }
        rig.say([.have(room: .lobby, ids: ids)], member)
        let atOnce = member.wanted.count
        #expect(atOnce == Bounds.requestedBytes / Limits.entryBytes)
        rig.wait(Bounds.requestTimeout * 3)
        #expect(Set(member.wanted) == Set(ids))
    }

    /// Sends one long frame in pieces.
    private func trickle(_ member: TestMember, pieces count: Int, _ send: ([UInt8]) -> Void) {
        let frame = Frame.entries((0..<3).map { [UInt8](repeating: UInt8($0), count: 17_000) })
        member.channel.queue(frame.encoded())
        var bytes: [UInt8] = []
        member.channel.flush(into: &bytes, most: .max)
        for piece in 0..<count { send(Array(bytes[bytes.count * piece / count..<bytes.count * (piece + 1) / count])) }
    }

    @Test("a link on which bytes arrive is not dead, however long the frame takes")
    func longFrame() throws {
        let rig = try PeerRig()
        let member = rig.join("ben", Example.authors[1])
        trickle(member, pieces: 20) { bytes in
            rig.wait(.seconds(1), isAlive: false)
            // The last piece completes an invalid frame.
            if !member.isClosed, member.goodbye == nil { rig.tell(.linkBytesReceived(member.link, bytes)) }
        }
        #expect(member.goodbye == .violation)
    }

    @Test("a relay does not drop a link on which bytes arrive either")
    func longFrameAtRelay() throws {
        let rig = try RelayRig()
        let member = rig.join("ben")
        trickle(member, pieces: 50) { bytes in
            rig.wait(.seconds(1))
            if !member.isClosed, member.goodbye == nil { rig.tell(.linkBytesReceived(member.link, bytes)) }
        }
        #expect(member.goodbye == .violation)
    }
}
