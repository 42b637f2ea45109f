import Foundation
import TestKit
import Testing

/// A peer that is refused learns why, with the matching exit status.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)))
struct RelayRefusalTests {
    let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func startRelay(_ arguments: [String] = []) throws -> RelayProcess {
        try RelayProcess(
            ["--state", place.path(of: "relay"), "--name", "hub", "--listen", "127.0.0.1:0"] + arguments)
    }

    private func start(_ name: String, at address: String, _ arguments: [String] = []) throws -> EarshotProcess {
        try EarshotProcess(
            name, state: place.path(of: "\(name)-\(UUID().uuidString)"),
            arguments: ["--no-multicast", "--port", "0", "--relay", address] + arguments)
    }

    private func connected(_ peer: EarshotProcess) throws {
        _ = try peer.first("the relay") { $0["event"] == "relay" && $0["state"] == "connected" }
    }

    private func refusal(_ peer: EarshotProcess) throws -> String {
        try peer.first("the refusal") { $0["event"] == "relay" && $0["state"] == "refused" }["reason"] ?? ""
    }

    @Test("a wrong password, or none, is refused with status 4, and the right one is accepted")
    func password() throws {
        let secret = place.path(of: "secret")
        let wrong = place.path(of: "wrong")
        try "open sesame\n".write(toFile: secret, atomically: true, encoding: .utf8)
        try "open barley\n".write(toFile: wrong, atomically: true, encoding: .utf8)
        let relay = try startRelay(["--password-file", secret])
        let address = try relay.address()
        let none = try start("ana", at: address)
        #expect(try refusal(none).contains("password"))
        #expect(try none.exitStatus() == 4)
        let guesser = try start("bea", at: address, ["--relay-password", wrong])
        #expect(try refusal(guesser).contains("the password is wrong"))
        #expect(try guesser.exitStatus() == 4)
        try connected(try start("cy", at: address, ["--relay-password", secret]))
        #expect(!relay.log.contains("sesame") && !relay.log.contains("barley"))
    }

    @Test("a relay with another key than the address is refused; both keys are shown, and nothing is sent to it")
    func fingerprint() throws {
        let relay = try startRelay()
        let address = try relay.address()
        let key = String(address.suffix(64))
        let other = String(repeating: "0a", count: 32)
        let peer = try start("ana", at: address.replacingOccurrences(of: key, with: other))
        let reason = try refusal(peer)
        #expect(reason.contains(key) && reason.contains(other))
        #expect(try peer.exitStatus() == 4)
        #expect(!relay.log.contains("ana"))
    }

    @Test("a relay with another key than the last time is refused")
    func changedKey() throws {
        let first = try startRelay()
        let place = try first.address().prefix { $0 != "#" }
        let port = try first.linkPort()
        let state = self.place.path(of: "member")
        func member() throws -> EarshotProcess {
            try EarshotProcess(
                "ana", state: state, arguments: ["--no-multicast", "--port", "0", "--relay", String(place)])
        }
        let before = try member()
        try connected(before)
        _ = try before.waitUntilReady()
        try before.send(["do": "quit"])
        #expect(try before.exitStatus() == 0)
        first.signal(SIGTERM)
        #expect(try first.exitStatus() == 0)
        let second = try RelayProcess(
            ["--state", self.place.path(of: "impostor"), "--listen", "127.0.0.1:\(port)"])
        _ = try second.address()
        let after = try member()
        #expect(try refusal(after).contains("key"))
        #expect(try after.exitStatus() == 4)
    }

    @Test("a relay that was joined can be given by name; an unknown name is reported, and looked up again")
    func remembered() throws {
        let name = "hub-\(UUID().uuidString.prefix(8).lowercased())"
        let relay = try RelayProcess([
            "--state", place.path(of: "relay"), "--name", name, "--listen", "127.0.0.1:0",
        ])
        let address = try relay.address()
        let state = place.path(of: "member")
        func member(_ relay: String) throws -> EarshotProcess {
            try EarshotProcess("ana", state: state, arguments: ["--no-multicast", "--port", "0", "--relay", relay])
        }
        let unknown = try member(name)
        let told = try unknown.first("the missing relay") { $0["event"] == "relay" && $0["state"] == "disconnected" }
        #expect(told["reason"] == "there is no host of this name; trying again" && told["address"] != nil)
        _ = try unknown.waitUntilReady()
        try unknown.send(["do": "quit"])
        #expect(try unknown.exitStatus() == 0)
        let first = try member(address)
        try connected(first)
        _ = try first.waitUntilReady()
        try first.send(["do": "quit"])
        #expect(try first.exitStatus() == 0)
        try connected(try member(name))
    }

    @Test("a taken name with --strict-name exits with status 3")
    func name() throws {
        let relay = try startRelay()
        let address = try relay.address()
        let first = try start("ana", at: address)
        try connected(first)
        let second = try start("Ana", at: address, ["--strict-name"])
        #expect(try refusal(second).contains("taken"))
        #expect(try second.exitStatus() == 3)
    }

    @Test("a peer that is not on the list, or is banned, is refused with status 4 and the reason")
    func access() throws {
        let owner = try start("ana", at: "127.0.0.1:1")
        let id = try #require(try owner.waitUntilReady()["id"])
        try owner.endInput()
        _ = try owner.exitStatus()
        let file = place.path(of: "relay.conf")
        try "allow = \(id)\n".write(toFile: file, atomically: true, encoding: .utf8)
        let relay = try startRelay(["--config", file, "--operator-password", try hash(of: "sesame")])
        let address = try relay.address()
        let stranger = try start("bea", at: address)
        #expect(try refusal(stranger).contains("only invited keys"))
        #expect(try stranger.exitStatus() == 4)
        try "motd = come in\n".write(toFile: file, atomically: true, encoding: .utf8)
        relay.signal(SIGHUP)
        try relay.logged("the configuration has been read again")

        let boss = try start("boss", at: address)
        try connected(boss)
        _ = try boss.waitUntilReady()
        let eve = try start("eve", at: address)
        try connected(eve)
        _ = try boss.joined("eve")
        try boss.send(["do": "kick", "name": "eve"])
        _ = try boss.first("not being allowed to") { $0["event"] == "error" && $0["code"] == "not-allowed" }
        try boss.send(["do": "op", "password": "sesame"])
        _ = try boss.first("being an operator") { $0["text"]?.contains("you are an operator") ?? false }
        try boss.send(["do": "ban", "name": "eve", "reason": "noise"])
        let removed = try eve.first("being removed") { $0["event"] == "removed" }
        #expect(removed["how"] == "ban" && removed["by"] == "boss" && removed["reason"] == "noise")
        #expect(try eve.exitStatus() == 4)
        try relay.logged("ban: boss")
    }

    private func hash(of password: String) throws -> String {
        try Lan.run("echo \(password) | '\(EarshotProcess.binary)' relay passwd --print")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("a full relay refuses a peer with that reason")
    func full() throws {
        let relay = try startRelay(["--max-members", "1"])
        let address = try relay.address()
        let first = try start("ana", at: address)
        try connected(first)
        let second = try start("bea", at: address)
        _ = try second.first("the full relay") { $0["event"] == "relay" && ($0["reason"]?.contains("full") ?? false) }
    }

    @Test("an unreachable relay is reported once, and dialled again until it is up")
    func unreachable() throws {
        let first = try startRelay()
        let address = try first.address()
        let port = try first.linkPort()
        first.signal(SIGTERM)
        #expect(try first.exitStatus() == 0)
        let peer = try start("ana", at: address)
        let trouble = try peer.first("the trouble") { $0["event"] == "relay" && $0["state"] == "disconnected" }
        #expect(trouble["reason"]?.contains("Connection refused") == true)
        let second = try RelayProcess(["--state", place.path(of: "relay"), "--listen", "127.0.0.1:\(port)"])
        _ = try second.address()
        try connected(peer)
        #expect(peer.events.filter { $0["state"] == "disconnected" }.count == 1)
    }

    @Test("a peer that is not a relay refuses with that reason")
    func notARelay() throws {
        let peer = try EarshotProcess(
            "bea", state: place.path(of: "bea"), arguments: ["--no-multicast", "--port", "0"])
        let port = try #require(try peer.waitUntilReady().fields["port"] as? Int)
        let caller = try start("ana", at: "earshot://127.0.0.1:\(port)")
        #expect(try refusal(caller).contains("no relay"))
        #expect(try caller.exitStatus() == 4)
    }

    @Test("a server of another kind or version is reported as such")
    func stranger() throws {
        let server = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(server) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: inet_addr("127.0.0.1"))
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try #require(bind(server, $0, size) == 0 && listen(server, 8) == 0)
                try #require(getsockname(server, $0, &size) == 0)
            }
        }
        let peer = try start("ana", at: "earshot://127.0.0.1:\(UInt16(bigEndian: address.sin_port))")
        let accepted = accept(server, nil, nil)
        defer { close(accepted) }
        // A second handshake message of the right length, but not a reply to our first.
        let answer = [0, 200] + [UInt8](repeating: 0x55, count: 200)
        _ = answer.withUnsafeBytes { write(accepted, $0.baseAddress, $0.count) }
        let trouble = try peer.first("the trouble") { $0["event"] == "relay" && $0["state"] == "disconnected" }
        #expect(trouble["reason"]?.contains("is it an Earshot relay, and of version 1 of the protocol?") == true)
    }

    @Test("11: members are notified once that the relay stops, and reconnect when it is up again")
    func stopped() throws {
        let first = try startRelay()
        let address = try first.address()
        let port = try first.linkPort()
        let peers = try ["ana", "bea"].map { try start($0, at: address) }
        for peer in peers { try connected(peer) }
        let at = EarshotProcess.uptime()
        let marks = peers.map(\.events.count)
        first.signal(SIGTERM)
        #expect(try first.exitStatus() == 0)
        #expect(EarshotProcess.uptime() - at < 5 * Sanitizer.slowness)
        measured("a relay with two members ends", EarshotProcess.uptime() - at)
        for (peer, mark) in zip(peers, marks) {
            _ = try peer.first(after: mark, "the end") { $0["event"] == "relay" && $0["state"] == "disconnected" }
        }
        let second = try RelayProcess(["--state", place.path(of: "relay"), "--listen", "127.0.0.1:\(port)"])
        _ = try second.address()
        for (peer, mark) in zip(peers, marks) {
            _ = try peer.first(after: mark, "the relay again") {
                $0["event"] == "relay" && $0["state"] == "connected"
            }
            #expect(peer.events.count - mark < 10)
        }
    }
}
