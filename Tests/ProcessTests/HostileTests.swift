import Foundation
import TestKit
import Testing

/// Running peers under attack from their own network.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)), .enabled(if: Lan.isToBeTested, "needs root, ip and nft"))
struct HostileTests {
    let place: TemporaryDirectory
    let machine: Lan
    var attacker: Attacker { Attacker(namespace: machine.hosts[0]) }

    init() throws {
        place = try TemporaryDirectory()
        machine = try Lan(1)
    }

    private func start(_ name: String) throws -> EarshotProcess {
        try EarshotProcess(
            name, state: place.path(of: name), namespace: machine.hosts[0], arguments: ["--interface", "lo"])
    }

    private func port(of ready: EarshotProcess.Event) throws -> UInt16 {
        UInt16(try #require(ready.fields["port"] as? Int))
    }

    private func residentKiB(_ process: EarshotProcess) throws -> Int {
        // The process itself, or the one into which `ip netns exec` has turned.
        let text = try String(contentsOfFile: "/proc/\(process.processID)/statm", encoding: .utf8)
        return Int(try #require(text.split(separator: " ").dropFirst().first.map(String.init))).map { $0 * 4 } ?? 0
    }

    @Test("100,000 random, modified and replayed datagrams and 500 broken links: no peer is affected, memory is stable")
    func flood() throws {
        let ear = attacker.listener()
        defer { close(ear) }
        let ana = try start("ana")
        let port = try port(of: ana.waitUntilReady())
        let bea = try start("bea")
        _ = try bea.waitUntilReady()
        let genuine = attacker.hear(ear)
        #expect(!genuine.isEmpty)
        try ana.say("before")
        _ = try bea.message("before")
        let memory = try residentKiB(ana)
        let events = ana.events.count

        attacker.send(100_000) { number in
            var random = SeededGenerator(seed: UInt64(number))
            switch number % 3 {
            case 0: return random.bytes(Int(random.next() % 600) + 1)
            case 1:
                var changed = genuine
                changed[Int(random.next() % UInt64(changed.count))] ^= UInt8(1 << (random.next() % 8))
                return changed
            default: return genuine
            }
        }
        var random = SeededGenerator(seed: 1)
        for number in 0..<500 {
            let socket = try #require(attacker.connection(to: port))
            var bytes = random.bytes(Int(random.next() % 3_000) + 1)
            // Some begin like a handshake: 32 bytes after their length.
            if number % 2 == 0, bytes.count > 34 { (bytes[0], bytes[1]) = (0, 32) }
            _ = Glibc.send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL))
            close(socket)
        }
        try ana.say("after")
        _ = try bea.message("after")
        try bea.say("still here")
        _ = try ana.message("still here")
        let grown = try residentKiB(ana) - memory
        print("measured: memory after the flood: \(memory) KiB before, \(grown) KiB more")
        if Sanitizer.expectsMemory() { #expect(grown < 16 * 1024) }
        #expect(!ana.events.dropFirst(events).contains { $0["event"] == "peer" })
    }

    @Test("a silent connection is closed after 10 s; a thousand of them do not block an honest peer")
    func silentConnections() throws {
        let ana = try start("ana")
        let port = try port(of: ana.waitUntilReady())
        let opened = EarshotProcess.uptime()
        // Others do not evict the last one.
        var sockets: [CInt] = []
        defer { sockets.forEach { close($0) } }
        for _ in 0..<1_000 { if let socket = attacker.connection(to: port) { sockets.append(socket) } }
        #expect(sockets.count > 900)
        let bea = try start("bea")
        let seen = try bea.joined("ana").time
        measured("joined beside 1,000 silent connections", seen - bea.startedAt)
        try bea.say("through the crowd")
        _ = try ana.message("through the crowd")
        let last = try #require(sockets.last)
        var byte: UInt8 = 0
        #expect(recv(last, &byte, 1, 0) <= 0)
        let cut = EarshotProcess.uptime() - opened
        measured("silent connection cut", cut)
        #expect(cut < 14 * Sanitizer.slowness && errno != EAGAIN)
    }
}
