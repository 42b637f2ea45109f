import TestKit
import Testing
import Wire

@Suite("Frames")
struct FrameTests {
    @Test("every frame survives encoding and decoding", arguments: Examples.frames + Examples.relayFrames)
    func roundTrip(frame: Frame) throws {
        let bytes = frame.encoded()
        #expect(try Frame(decoding: bytes) == frame)
        var stream: [UInt8] = [0xAA]
        frame.append(to: &stream)
        #expect(stream == [0xAA, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes)
        #expect(try CBORValue.decode(bytes).encoded() == bytes)
    }

    @Test("the encoding of frames never changes")
    func frozen() throws {
        let peer = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        let room = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
        let gathering = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
        let id = "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
        let announcement =
            "8258478801015820" + peer + "1b0123456789abcdef1b000001a3185c500163616e611b000001a3185c500019b972"
            + "5840" + Examples.signature.hexadecimal
        let frozen: [(Frame, String)] = [
            (
                .hello(announcement: Examples.signedAnnouncement, gathering: Examples.gathering, away: "lunch"),
                "8400588c" + announcement + "5820" + gathering + "656c756e6368"
            ),
            (.announcement(Examples.signedAnnouncement), "8201588c" + announcement),
            (
                .peers([Introduction(announcement: Examples.signedAnnouncement, endpoints: Examples.endpoints)]),
                "82028182588c" + announcement
                    + "828244c0a8011719b9728250fd00000000000001000000000000001719c350"
            ),
            (.ping(1000), "82031903e8"),
            (.pong(1), "820401"),
            (.goodbye(.violation), "820502"),
            (.entries([[0x80], [0x81, 0x00]]), "8206824180428100"),
            (
                .reconcile(room: Examples.room, gathering: Examples.gathering, message: [1, 2, 3]),
                "84075820" + room + "5820" + gathering + "43010203"
            ),
            (.want(room: Examples.room, ids: [Examples.entryIDs[0]]), "83085820" + room + "815820" + id),
            (.have(room: Examples.room, ids: [Examples.entryIDs[0]]), "83095820" + room + "815820" + id),
            (.receipt(room: Examples.room, ids: []), "830a5820" + room + "80"),
            (.gathering(Examples.gathering), "820b5820" + gathering),
            (.away(nil), "820cf6"),
            (.away("lunch"), "820c656c756e6368"),
        ]
        for (frame, hexadecimal) in frozen {
            #expect(frame.encoded().hexadecimal == hexadecimal)
        }
    }

    @Test("unknown types below 128 may be ignored, those from 128 on close the link")
    func unknownTypes() throws {
        for (type, mayBeIgnored) in [(13, true), (127, true), (128, false), (255, false), (256, false)]
            as [(UInt64, Bool)]
        {
            let bytes = CBORValue.array([.unsigned(type), .map([])]).encoded()
            let error = #expect(throws: WireError.self) { try Frame(decoding: bytes) }
            #expect(error == .unknownFrameType(type))
            #expect(error?.mayBeIgnored == mayBeIgnored)
        }
        let broken = #expect(throws: WireError.self) { try Frame(decoding: [0x82, 0x0D, 0xF7]) }
        #expect(broken == .malformed(field: "end", .simpleValueRefused(offset: 2)))
        #expect(broken?.mayBeIgnored == false)
    }

    @Test("elements that a later version adds at the end are ignored")
    func laterElements() throws {
        #expect(try Frame(decoding: CBORValue.array([.unsigned(3), .unsigned(9), .text("x")]).encoded()) == .ping(9))
    }

    private static func frame(_ items: CBORValue...) -> [UInt8] { CBORValue.array(items).encoded() }
    private static let room = CBORValue.bytes(Examples.room.bytes)

    static let refusals: [([UInt8], WireError)] = [
        (frame(), .missing(field: "type")),
        (frame(.unsigned(3)), .missing(field: "number")),
        (
            frame(.unsigned(1), .bytes([])),
            .wrongSize(field: "announcement", bytes: 0, allowed: 1...Limits.datagramBytes)
        ),
        (
            frame(.unsigned(1), .bytes([UInt8](repeating: 0, count: 513))),
            .malformed(field: "announcement", .tooLong(length: 513, maximum: 512, offset: 5))
        ),
        (
            frame(.unsigned(2), .array([CBORValue](repeating: .null, count: 65))),
            .malformed(field: "introductions", .tooLong(length: 65, maximum: 64, offset: 4))
        ),
        (
            frame(.unsigned(2), .array([.array([.bytes([1])])])),
            .malformed(field: "introductions", .unexpectedCount(expected: 2, found: 1, offset: 3))
        ),
        (
            frame(.unsigned(2), .array([.array([.bytes([1]), .array([.array([.bytes([1, 2]), .unsigned(1)])])])])),
            .malformed(field: "introductions", .unexpectedCount(expected: 16, found: 2, offset: 8))
        ),
        (
            frame(
                .unsigned(2), .array([.array([.bytes([1]), .array([.array([.bytes([1, 2, 3, 4]), .unsigned(0)])])])])),
            .malformed(field: "introductions", .integerOutOfRange(offset: 13))
        ),
        (
            frame(.unsigned(6), .array([.bytes([UInt8](repeating: 0, count: Limits.entryBytes + 1))])),
            .malformed(field: "entries", .tooLong(length: 17409, maximum: 17408, offset: 6))
        ),
        (
            frame(
                .unsigned(8), room,
                .array([CBORValue](repeating: .bytes(Examples.peer.bytes), count: Limits.frameIDCount + 1))),
            .malformed(field: "ids", .tooLong(length: 1025, maximum: 1024, offset: 39))
        ),
        (
            frame(
                .unsigned(7), room, .null, .bytes([UInt8](repeating: 0, count: Limits.reconciliationBytes + 1))),
            .malformed(field: "message", .tooLong(length: 60_417, maximum: 60_416, offset: 40))
        ),
        (
            frame(.unsigned(12), .text(String(repeating: "x", count: 257))),
            .malformed(field: "away", .tooLong(length: 257, maximum: 256, offset: 5))
        ),
        (
            [UInt8](repeating: 0x80, count: Limits.frameBytes + 1),
            .tooLong(bytes: Limits.frameBytes + 1, maximum: Limits.frameBytes)
        ),
    ]

    @Test("a value above its limit is rejected, and the error names the field", arguments: refusals)
    func refused(bytes: [UInt8], error: WireError) {
        #expect(throws: error) { try Frame(decoding: bytes) }
    }

    @Test("the largest lists fit a frame")
    func largestLists() throws {
        let endpoint = Endpoint(address: .v6(high: .max, low: .max, scope: 0), port: .max)
        let introduction = Introduction(
            announcement: [UInt8](repeating: 0, count: Limits.datagramBytes),
            endpoints: [Endpoint](repeating: endpoint, count: Limits.introductionEndpointCount))
        let peers = Frame.peers([Introduction](repeating: introduction, count: Limits.frameIntroductionCount))
        #expect(try Frame(decoding: peers.encoded()) == peers)
        let want = Frame.want(
            room: .greatest, ids: [EntryID](repeating: .greatest, count: Limits.frameIDCount))
        #expect(try Frame(decoding: want.encoded()) == want)
    }

    @Test("an address's scope stays on this host")
    func scope() throws {
        let linkLocal = Endpoint(address: .v6(high: 0xFE80 << 48, low: 1, scope: 3), port: 1)
        let frame = Frame.peers([Introduction(announcement: [0], endpoints: [linkLocal])])
        let heard = Frame.peers([
            Introduction(
                announcement: [0],
                endpoints: [Endpoint(address: .v6(high: 0xFE80 << 48, low: 1, scope: 0), port: 1)])
        ])
        #expect(try Frame(decoding: frame.encoded()) == heard)
    }
}
