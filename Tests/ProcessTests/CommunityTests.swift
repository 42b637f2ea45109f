import Foundation
import Secure
import TestKit
import Testing
import Wire

/// Relays that appear as one to their members.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)))
struct CommunityTests {
    private let place: TemporaryDirectory
    private var key: String { place.path(of: "hub.key") }

    init() throws { place = try TemporaryDirectory() }

    /// Returns the output of a command, without the newline at the end.
    private func output(_ script: String) throws -> String {
        let run = try ShellRun(script)
        try #require(run.status == 0, "\(run.errors)")
        return run.output.trimmingCharacters(in: .newlines)
    }

    private func makeCommunity() throws -> String { try output("$EARSHOT relay community new \(key)") }

    private func relayID(_ name: String) throws -> String {
        try output("$EARSHOT relay id --state \(place.path(of: name))")
    }

    /// Returns a file with a certificate for a relay, made by the program.
    private func certificate(of relay: String) throws -> String {
        let file = place.path(of: "\(relay).certificate")
        let id = try relayID(relay)
        _ = try output("$EARSHOT relay community sign \(key) \(id) > \(file)")
        return file
    }

    private func start(_ relay: String, port: UInt16 = 0) throws -> RelayProcess {
        try RelayProcess([
            "--state", place.path(of: relay), "--name", "hub", "--listen", "127.0.0.1:\(port)", "--community",
            try certificate(of: relay),
        ])
    }

    private func member(at address: String) throws -> EarshotProcess {
        try EarshotProcess(
            "ana", state: place.path(of: "member"),
            arguments: ["--no-multicast", "--port", "0", "--relay", address])
    }

    private func relayEvent(_ peer: EarshotProcess) throws -> EarshotProcess.Event {
        try peer.first("the relay") { $0["event"] == "relay" }
    }

    private func quit(_ peer: EarshotProcess) throws {
        try peer.send(["do": "quit"])
        #expect(try peer.exitStatus() == 0)
    }

    @Test("the community is pinned at the first relay; the second is accepted without a question, with the same room")
    func twoRelays() throws {
        let community = try makeCommunity()
        let attributes = try FileManager.default.attributesOfItem(atPath: key)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let first = try start("one")
        let address = try first.address()
        #expect(address.hasSuffix("#\(community)"))
        try first.logged("the certificate of the community holds for 365 days")
        let bare = String(address.prefix { $0 != "#" })
        let ana = try member(at: bare)
        #expect(try relayEvent(ana)["state"] == "connected")
        try ana.send(["do": "say", "text": "said at the first"])
        _ = try ana.message("said at the first")
        try quit(ana)
        let port = try first.linkPort()
        first.signal(SIGTERM)
        #expect(try first.exitStatus() == 0)

        // At the address of the first, for which its community is remembered.
        let second = try start("two", port: port)
        #expect(try second.address() == address)
        try second.logged(relayID("two"))
        let again = try member(at: bare)
        #expect(try relayEvent(again)["state"] == "connected")
        try again.send(["do": "history", "ref": "h"])
        let history = try again.first("the history") { $0["event"] == "history" }
        let messages = try #require(history.fields["messages"] as? [[String: Any]])
        #expect(messages.map { $0["text"] as? String } == ["said at the first"])
        #expect(messages.map { $0["room"] as? String } == ["lobby@hub"])
        try quit(again)

        // By the address of another relay, and by one with that relay's own key.
        let third = try start("three")
        let elsewhere = try member(at: try third.address())
        #expect(try relayEvent(elsewhere)["state"] == "connected")
        try quit(elsewhere)
        let own = try relayID("three")
        let refused = try member(at: try third.address().replacingOccurrences(of: community, with: own))
        let reason = try relayEvent(refused)["reason"]
        #expect(reason?.contains("now belongs to the community \(community)") == true)
        #expect(try refused.exitStatus() == 4)
    }

    @Test("a relay does not start with an invalid certificate, and gives advice")
    func refusals() throws {
        _ = try makeCommunity()
        #expect(try ShellRun("$EARSHOT relay community new \(key)").status == 1)
        let state = place.path(of: "one")
        let id = try relayID("one")
        let relay = try #require(PeerID(hexadecimal: id))
        let other = try #require(PeerID(hexadecimal: try relayID("two")))
        let community = Identity(seed: Array(try #require(FileManager.default.contents(atPath: key))))
        let now = UInt64(Date().timeIntervalSince1970 * 1000)
        let day: UInt64 = 86_400_000
        let file = place.path(of: "certificate")
        for (relay, notBefore, notAfter, words) in [
            (relay, now - 2 * day, now - day, "expired on"), (relay, now + day, now + 2 * day, "is not valid before"),
            (other, now - day, now + day, "is for another relay (\(other))"),
        ] {
            let signed = SignedCertificate(
                signing: RelayCertificate(
                    community: community.peerID, relay: relay, notBefore: notBefore, notAfter: notAfter), by: community)
            try signed.text.write(toFile: file, atomically: true, encoding: .utf8)
            for check in ["", "--check "] {
                let run = try ShellRun(
                    "$EARSHOT relay \(check)--state \(state) --listen 127.0.0.1:0 --community \(file)")
                #expect(run.status == 1 && run.errors.contains(words), "\(run.errors)")
                #expect(run.errors.contains("earshot relay community sign KEY-FILE \(id)"))
            }
        }
        try "nonsense".write(toFile: file, atomically: true, encoding: .utf8)
        let run = try ShellRun("$EARSHOT relay --check --state \(state) --community \(file)")
        #expect(run.status == 2 && run.errors.contains("is not a certificate, or is damaged"), "\(run.errors)")
    }

    @Test("a relay makes its key the community's: its members notice nothing, and accept a second relay")
    func migration() throws {
        let alone = try RelayProcess([
            "--state", place.path(of: "old"), "--name", "hub", "--listen", "127.0.0.1:0",
        ])
        let address = try alone.address()
        let ana = try member(at: address)
        #expect(try relayEvent(ana)["state"] == "connected")
        let community = try output("$EARSHOT relay community new \(key) --from \(place.path(of: "old"))")
        #expect(address.hasSuffix("#\(community)"))
        let second = try start("new")
        #expect(try second.address().hasSuffix("#\(community)"))
        let bea = try EarshotProcess(
            "bea", state: place.path(of: "bea"),
            arguments: ["--no-multicast", "--port", "0", "--relay", try second.address()])
        #expect(try relayEvent(bea)["state"] == "connected")
    }

    @Test("a renewed certificate is loaded on SIGHUP, one for another relay is not")
    func renewed() throws {
        _ = try makeCommunity()
        let relay = try start("one")
        _ = try relay.address()
        let file = place.path(of: "one.certificate")
        _ = try output("$EARSHOT relay community sign \(key) \(relayID("one")) --days 30 > \(file)")
        relay.signal(SIGHUP)
        try relay.logged("warning the certificate of the community holds for 30 days")
        _ = try output("$EARSHOT relay community sign \(key) \(relayID("two")) > \(file)")
        relay.signal(SIGHUP)
        try relay.logged("the settings are unchanged: the certificate in \(file) is for another relay")
        let ana = try member(at: try relay.address())
        #expect(try relayEvent(ana)["state"] == "connected")
    }
}
