import Foundation
import TestKit
import Testing

/// Attacks without the password on a relay over which two members talk.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)))
struct HostileRelayTests {
    let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func member(_ name: String, at address: String, _ arguments: [String] = []) throws -> EarshotProcess {
        let member = try EarshotProcess(
            name, state: place.path(of: name),
            arguments: ["--no-multicast", "--port", "0", "--relay", address] + arguments)
        _ = try member.first("the relay") { $0["event"] == "relay" && $0["state"] == "connected" }
        _ = try member.waitUntilReady()
        return member
    }

    /// Sends messages one after the other, and waits until each has arrived.
    /// - Returns: The longest time that one took, in seconds.
    private func talk(_ from: EarshotProcess, _ to: EarshotProcess, _ tag: String, count: Int = 30) throws -> Double {
        var longest = 0.0
        for index in 0..<count {
            let at = EarshotProcess.uptime()
            try from.send(["do": "say", "room": "lobby@hub", "text": "\(tag) \(index)"])
            longest = max(longest, try to.message("\(tag) \(index)").time - at)
        }
        return longest
    }

    private func residentKilobytes(_ relay: RelayProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(relay.processID)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return Int(line?.split(separator: " ").dropFirst().first.map(String.init) ?? "") ?? 0
    }

    @Test("members are not affected by a thousand connections, garbage, and a replayed handshake")
    func unauthenticated() throws {
        let secret = place.path(of: "secret")
        try "open sesame\n".write(toFile: secret, atomically: true, encoding: .utf8)
        let relay = try RelayProcess([
            "--state", place.path(of: "relay"), "--name", "hub", "--listen", "127.0.0.1:0", "--password-file", secret,
            "--max-per-address", "1000",
        ])
        let address = try relay.address()
        let port = try relay.linkPort()
        let (ana, bea) = (
            try member("ana", at: address, ["--relay-password", secret]),
            try member("bea", at: address, ["--relay-password", secret])
        )
        measured("longest in peace", try talk(ana, bea, "peace"))
        let before = try residentKilobytes(relay)

        var random = SeededGenerator(seed: 7)
        var attackers: [Visitor] = []
        for _ in 0..<1000 { attackers.append(try Visitor(port: port, from: "127.0.0.2")) }
        let silence = try talk(ana, bea, "silence")
        // A first message of the right form, followed by data that no peer would send.
        let opening: [UInt8] = [0, 32] + random.bytes(32)
        for (index, attacker) in attackers.enumerated() {
            switch index % 4 {
            case 0: _ = attacker.sendNow(random.bytes(2_000))
            case 1: _ = attacker.sendNow(opening)
            case 2: _ = attacker.sendNow([0xFF, 0xFF] + [UInt8](repeating: 0x41, count: 65_535))
            default: _ = attacker.sendNow(opening + [0xFF, 0xFF] + random.bytes(30_000))
            }
        }
        let rubbish = try talk(ana, bea, "rubbish")
        for _ in 0..<500 {
            let attacker = try Visitor(port: port, from: "127.0.0.3")
            _ = attacker.sendNow(opening)
            attackers.append(attacker)
        }
        let replay = try talk(ana, bea, "replay")
        for (what, time) in [("silence", silence), ("rubbish", rubbish), ("replay", replay)] {
            measured("longest under \(what)", time)
            #expect(time < Sanitizer.slowness, "\(what)")
        }
        let cy = try member("cy", at: address, ["--relay-password", secret])
        _ = try talk(cy, ana, "newcomer", count: 3)
        let after = try residentKilobytes(relay)
        print("measured: resident memory of the relay: \(before) KiB in peace, \(after) KiB under attack")
        if Sanitizer.expectsMemory() { #expect(after - before < 64 << 10) }
        for name in ["ana", "bea"] { #expect(!relay.log.contains("\(name) at 127.0.0.1: lost")) }
        #expect(!ana.events.contains { $0["state"] == "disconnected" })
    }

    @Test("a flood of guests who come and go, and of guessed names, delays no member")
    func guests() throws {
        let relay = try RelayProcess([
            "--state", place.path(of: "relay"), "--name", "hub", "--listen", "127.0.0.1:0", "--text", "127.0.0.1:0",
        ])
        let address = try relay.address()
        let port = try relay.guestPort()
        let (ana, bea) = (try member("ana", at: address), try member("bea", at: address))
        let before = try residentKilobytes(relay)
        var longest = 0.0
        var admittedCount = 0
        for index in 0..<600 {
            // On a busy machine the relay may not have noticed that earlier ones left, and refuse one as too many from
            // an address.
            if let guest = try? Visitor(port: port, from: "127.0.0.4") {
                _ = guest.sendNow(Array("guest\(index)\nhello\n".utf8))
                admittedCount += 1
            }
            if index.isMultiple(of: 20) { longest = max(longest, try talk(ana, bea, "flood \(index)", count: 1)) }
        }
        measured("longest under guests that come and go", longest)
        #expect(longest < Sanitizer.slowness)
        #expect(admittedCount > 300)
        let stubborn = try Visitor(port: port, from: "127.0.0.5")
        for _ in 0..<20 { stubborn.type("ana") }
        try stubborn.waitForEnd()
        let guest = try Visitor(port: port, as: "gus")
        guest.type("all is well")
        _ = try ana.message("all is well")
        if Sanitizer.expectsMemory() { #expect(try residentKilobytes(relay) - before < 32 << 10) }
    }
}
