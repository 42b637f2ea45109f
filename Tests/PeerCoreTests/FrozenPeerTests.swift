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

/// The first programs of version 1, from before there were features: their bytes are fixed in Protocol.md.
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

    @Test("a peer that sends these frames is understood as before, and is sent nothing that it does not know")
    func peer() throws {
        let rig = try PeerRig("zoe")
        let new = rig.join("new", Example.authors[1], features: .ofThisVersion)
        let later = try FutureVersion.entry(in: .lobby, by: new.identity, lamport: 1)
        let answer = new.entry("an answer", in: .lobby, lamport: 2, parents: [later.id])
        rig.say([.entries([later.bytes, answer.bytes])], new)

        let ana = rig.connect(try identity("ana"))
        rig.sayEncoded([try bytes("frame", "hello")], ana)
        // Both change to the lower gathering.
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
        // The frames of this version for it have the old form, except for the features at the end of its announcement.
        for frame in ana.frames { if case .entries(let list) = frame { for bytes in list { try known(bytes) } } }
    }

    private func known(_ bytes: [UInt8]) throws {
        #expect(try SignedEntry(verifying: bytes).entry.kind.isKnown)
    }

    @Test("an announcement without features has none, and the first programs can read ours")
    func announcements() throws {
        let former = try SignedAnnouncement(verifying: try bytes("announcement", "ana-holds"))
        #expect(former.announcement.features.isEmpty)
        let ours = try SignedAnnouncement(verifying: try bytes("announcement", "ana-with-features"))
        #expect(ours.announcement.features == .ofThisVersion)
        // They read the first eight elements, whatever the total number, and ignore the rest.
        let envelope = try Envelope(parsing: ours.bytes, maximumBytes: Limits.datagramBytes)
        guard case .array(let elements) = try CBORValue.decode(Array(envelope.payload)) else { return }
        let first = CBORValue.array(Array(elements.prefix(8))).encoded()
        #expect(try Announcement.decode(first).features.isEmpty && elements.count == 9)
    }
}
