import CoreModel
import JSON
import RelayCore
import TestKit
import Testing
import Wire
import Wording

@testable import Scripting

@Suite("Events as JSON lines")
struct EventLineTests {
    private func line(_ event: Event) -> String {
        let interface = ScriptInterface(version: "1.2.3")
        interface.eventOccurred(event, token: nil, at: Example.time)
        return String(decoding: interface.takeOutput(), as: UTF8.self)
    }

    private func expect(
        _ event: Event, _ json: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(line(event) == json + "\n", sourceLocation: sourceLocation)
        expectInTable(json, sourceLocation)
    }

    // Without the document there is nothing to compare with.
    private static let rows = try! ProtocolDocument.text(of: "Sources/earshot/Earshot.docc/Scripting.md")
        .split(separator: "\n", omittingEmptySubsequences: false)

    /// The table of events on the page Scripting has rows for this one, which name each of its fields.
    private func expectInTable(_ json: String, _ sourceLocation: SourceLocation) {
        let table = Self.rows.drop { !$0.hasPrefix("| `\"event\"` |") }.prefix { $0.hasPrefix("|") }
        let keys = json.matches(of: #/"(\w+)":/#).map { String($0.1) }
        let events = json.matches(of: #/"event":"(\w+)"/#).map { String($0.1) }
        let rows = table.filter { row in
            let first = row.split(separator: "|").first ?? ""
            return (events + (keys.contains("messages") ? ["message"] : [])).contains { first.contains("`\($0)`") }
        }
        #expect(!rows.isEmpty, "no row for \(json)", sourceLocation: sourceLocation)
        for key in keys where key != "event" {
            #expect(rows.contains { $0.contains("`\(key)`") }, "no \(key)", sourceLocation: sourceLocation)
        }
    }

    @Test("ready and name events are written as documented")
    func names() {
        expect(
            .ready(name: "ana", id: Example.ana, port: 47474),
            #"{"event":"ready","name":"ana","id":"\#(Example.anaHex)","port":47474,"version":"1.2.3"}"#)
        expect(
            .name(.init(state: .claimed, name: "ana", wanted: "ana")),
            #"{"event":"name","state":"claimed","name":"ana","wanted":"ana"}"#)
        expect(
            .name(.init(state: .taken, name: "ana-2", wanted: "ana", holder: Example.bea)),
            #"{"event":"name","state":"taken","name":"ana-2","wanted":"ana","holder":"\#(Example.beaHex)"}"#)
        expect(
            .name(.init(state: .lost, name: "ana-2", wanted: "ana")),
            #"{"event":"name","state":"lost","name":"ana-2","wanted":"ana"}"#)
        expect(
            .name(.init(state: .claimed, name: "lan", wanted: "lan", remark: "lan looks like Ian")),
            #"{"event":"name","state":"claimed","name":"lan","wanted":"lan","remark":"lan looks like Ian"}"#)
    }

    @Test("peers are written with their known fields only")
    func peers() throws {
        let address = try #require(Endpoint("[fe80::1%3]:47474"))
        let bea = Event.PeerSummary(name: "bea", id: Example.bea, address: address)
        expect(
            .peer(.init(state: .joined, peer: bea)),
            #"{"event":"peer","state":"joined","name":"bea","id":"\#(Example.beaHex)","via":"lan","#
                + #""address":"[fe80::1%3]:47474","blocked":false}"#)
        let plain = #""id":"\#(Example.beaHex)","via":"relay","blocked":"#
        let far = Event.PeerSummary(name: "bea", id: Example.bea, via: .relay, isBlocked: true, away: "tea")
        expect(
            .peer(.init(state: .renamed, peer: far, was: "bee", remark: "new key")),
            #"{"event":"peer","state":"renamed","name":"bea",\#(plain)true,"away":"tea","was":"bee","remark":"new key"}"#
        )
        for state in [Event.PeerChange.State.left, .away, .back, .blocked, .unblocked] {
            expect(
                .peer(.init(state: state, peer: .init(name: "bea", id: Example.bea, via: .relay))),
                #"{"event":"peer","state":"\#(state.rawValue)","name":"bea",\#(plain)false}"#)
        }
        expect(
            .who([bea, far]),
            #"{"event":"who","peers":[{"name":"bea","id":"\#(Example.beaHex)","via":"lan","#
                + #""address":"[fe80::1%3]:47474","blocked":false},{"name":"bea",\#(plain)true,"away":"tea"}]}"#)
        expect(.who([]), #"{"event":"who","peers":[]}"#)
    }

    @Test("messages are written as documented, with a gap only if there is one")
    func messages() {
        expect(.message(Example.message("hi")), #"{"event":"message",\#(Example.messageJSON)}"#)
        expect(
            .message(
                Example.message(
                    "waves", room: .conversation(with: "bea"), isPrivate: true, kind: .action, isHistory: true,
                    isOwn: true,
                    hasGap: true)),
            #"{"event":"message","room":"@bea","private":true,"from":"bea","fromID":"\#(Example.beaHex)","#
                + #""text":"waves","kind":"action","id":"\#(Example.entryHex)","time":"2026-11-21T04:10:05.007Z","#
                + #""lamport":17,"history":true,"own":true,"gap":true}"#)
        var earlier = Example.message("hi")
        earlier.isEarlier = true
        let json = Example.messageJSON.replacing("\"own\"", with: "\"earlier\":true,\"own\"")
        expect(.message(earlier), #"{"event":"message",\#(json)}"#)
        var secret = Example.message("psst", room: .conversation(with: "bea"), isPrivate: true)
        secret.partner = Example.bea
        expect(
            .message(secret),
            #"{"event":"message","room":"@bea","private":true,"from":"bea","fromID":"\#(Example.beaHex)","#
                + #""withID":"\#(Example.beaHex)","text":"psst","kind":"text","id":"\#(Example.entryHex)","#
                + #""time":"2026-11-21T04:10:05.007Z","lamport":17,"history":false,"own":false}"#)
        expect(
            .history(room: .relayLobby(relay: "hub"), messages: [Example.message("hi"), Example.message("hi")]),
            #"{"event":"history","room":"lobby@hub","messages":[{\#(Example.messageJSON)},{\#(Example.messageJSON)}]}"#)
        expect(
            .found(words: "h", messages: [Example.message("hi")]),
            #"{"event":"search","words":"h","messages":[{\#(Example.messageJSON)}]}"#)
    }

    @Test("deliveries, relays, failures and other events are written as documented")
    func rest() {
        expect(
            .delivery(id: Example.entry, to: .init(name: "bea", id: Example.bea), state: .queued),
            #"{"event":"delivery","id":"\#(Example.entryHex)","to":"bea","toID":"\#(Example.beaHex)","state":"queued"}"#
        )
        expect(
            .delivery(id: Example.entry, to: .init(name: "bea", id: Example.bea), state: .delivered),
            #"{"event":"delivery","id":"\#(Example.entryHex)","to":"bea","toID":"\#(Example.beaHex)","state":"delivered"}"#
        )
        expect(
            .blocked([.init(name: "eve", id: Example.bea, isHere: false)]),
            #"{"event":"blocked","peers":[{"name":"eve","id":"\#(Example.beaHex)","here":false}]}"#)
        expect(
            .bans([.init(name: "eve", reason: "noise")]), #"{"event":"bans","bans":[{"name":"eve","reason":"noise"}]}"#)
        expect(
            .relay(state: .connected, address: "hub:47475", reason: nil),
            #"{"event":"relay","state":"connected","address":"hub:47475"}"#)
        expect(
            .relay(state: .refused, address: "hub:47475", reason: "full"),
            #"{"event":"relay","state":"refused","address":"hub:47475","reason":"full"}"#)
        expect(
            .removed(by: "op", how: .ban, reason: "noise"),
            #"{"event":"removed","by":"op","how":"ban","reason":"noise"}"#)
        expect(
            .failed(.init(.noSuchPeer, "nobody is called bea")),
            #"{"event":"error","code":"no-such-peer","text":"nobody is called bea"}"#)
        expect(.notice("hm"), #"{"event":"notice","text":"hm"}"#)
        expect(.remark("hm", about: Example.bea), #"{"event":"notice","text":"hm","id":"\#(Example.beaHex)"}"#)
    }

    @Test("any text stays on one line, contains no control characters, and is read back unchanged")
    func anyText() throws {
        let scalars = [0..<0x3000, 0xD700..<0xE100, 0xFE00..<0x1_0100, 0x1F300..<0x1F400, 0xE0000..<0xE0100]
            .joined().compactMap { Unicode.Scalar(UInt32($0)) }
        let text = String(String.UnicodeScalarView(scalars))
        let bytes = EventWriter.line(.notice(text), ref: nil, version: "")
        #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        #expect(!String(decoding: bytes, as: UTF8.self).unicodeScalars.contains { (0x80...0x9F).contains($0.value) })
        #expect(try JSONReader.read(bytes)["text"] == .string(text))
    }

    @Test(
        "times are UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_709_251_199_001, "2024-02-29T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (UInt64.max, "9999-12-31T23:59:59.999Z"),
        ])
    func timestamps(milliseconds: UInt64, text: String) {
        #expect(Timestamp.text(WallTime(milliseconds: milliseconds)) == text)
    }

    @Test("an entry of an unknown kind is distinguishable from a text")
    func unknownKinds() {
        let message = Example.message("[this needs a newer Earshot]", kind: .unknown(5))
        #expect(line(.message(message)).contains(#""kind":"unknown","kindNumber":5,"#))
        #expect(!line(.message(Example.message("hi"))).contains("kindNumber"))
    }
}
