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

/// The first programs of version 1, from before there were features: their bytes as Protocol.md has them, which stay.
@Suite("Frames of the first programs")
struct FrozenPeerTests {
    // Without the document there is nothing to test.
    static let document = try! ProtocolDocument.load()

    private func bytes(_ kind: String, _ name: String, _ key: String = "bytes") throws -> [UInt8] {
        try #require(Self.document.vector(kind: kind, name: name)?.bytes(key))
    }

    private func identity(_ name: String) throws -> Identity {
        Identity(seed: try bytes("identity", name, "seed"))
    }

    @Test("a peer that says them is understood as ever, and is sent nothing that it does not know")
    func peer() throws {
        let rig = try PeerRig("zoe")
        let new = rig.join("new", Example.authors[1], features: .ofThisVersion)
        let later = try Later.entry(in: .lobby, by: new.identity, lamport: 1)
        let answer = new.entry("an answer", in: .lobby, lamport: 2, parents: [later.id])
        rig.say([.entries([later.bytes, answer.bytes])], new)

        let ana = rig.connect(try identity("ana"))
        rig.sayEncoded([try bytes("frame", "hello")], ana)
        // Both go over to the lower gathering.
        let frozen = try #require(GatheringID(try bytes("frame", "gathering", "gathering")))
        let gathering = min(try #require(rig.peer.gathering), frozen)
        let named = CBORValue.array([.unsigned(11), .bytes(gathering.bytes)]).encoded()
        rig.sayEncoded([named], ana)
        rig.sayEncoded([named], new)
        #expect(rig.peer.gathering == gathering)
        rig.sayEncoded(
            try [
                "peers", "peers-none", "ping", "entries", "away", "back", "digest", "advertise", "request", "authors",
            ].map { try bytes("frame", $0) }, ana)
        #expect(ana.frames.contains(.pong(1000)))
        #expect(rig.texts.contains("hello, everyone") && rig.texts.contains("waves 👋"))
        rig.say([.want(room: .lobby, ids: [later.id, answer.id])], ana)
        rig.wait(.seconds(5))
        #expect(!ana.isClosed && !new.isClosed)
        #expect(ana.toldIDs.contains(answer.id) && !ana.toldIDs.contains(later.id))
        // What this version says to it has the form of then, but for the features behind its announcement.
        for frame in ana.frames { if case .entries(let list) = frame { for bytes in list { try known(bytes) } } }
    }

    private func known(_ bytes: [UInt8]) throws {
        #expect(try SignedEntry(verifying: bytes).entry.kind.isKnown)
    }

    @Test("an announcement without features is one with none, and the first programs read ours as one of theirs")
    func announcements() throws {
        let former = try SignedAnnouncement(verifying: try bytes("announcement", "ana-holds"))
        #expect(former.announcement.features.isEmpty)
        let ours = try SignedAnnouncement(verifying: try bytes("announcement", "ana-with-features"))
        #expect(ours.announcement.features == .ofThisVersion)
        // They take the first eight elements, whatever their number is, and pass over the rest.
        let envelope = try Envelope(parsing: ours.bytes, maximumBytes: Limits.datagramBytes)
        guard case .array(let elements) = try CBORValue.decode(Array(envelope.payload)) else { return }
        let first = CBORValue.array(Array(elements.prefix(8))).encoded()
        #expect(try Announcement.decode(first).features.isEmpty && elements.count == 9)
    }
}
