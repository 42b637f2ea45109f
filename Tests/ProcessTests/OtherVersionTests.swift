import Foundation
import TestKit
import Testing
import Wire

@testable import Secure

/// A peer of version 2 of the protocol among those of version 1 (Protocol.md, Versions).
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(4)), .enabled(if: Lan.isToBeTested, "needs root, ip and nft"))
struct OtherVersionTests {
    private let place: TemporaryDirectory
    private let machine: Lan
    private let later = Identity(seed: [UInt8](repeating: 9, count: Identity.seedBytes))
    private var stranger: Attacker { Attacker(namespace: machine.hosts[0]) }

    init() throws {
        place = try TemporaryDirectory()
        machine = try Lan(1)
    }

    private func start(_ name: String) throws -> EarshotProcess {
        try EarshotProcess(
            name, state: place.path(of: name), namespace: machine.hosts[0], arguments: ["--interface", "lo"])
    }

    /// Returns an announcement like those of version 1, but for the number and the parts that a later version may
    /// change.
    private func announcement(_ sequence: Int) -> [UInt8] {
        var writer = CBORWriter()
        writer.array(count: 3)
        writer.unsigned(2)
        writer.text("of a form that nobody knows yet")
        writer.unsigned(UInt64(sequence))
        return Envelope(payload: writer.bytes, signature: later.sign(writer.bytes, for: .announcement)).bytes
    }

    /// Dials as a later version might: with a prologue, and a payload with its ID and version.
    /// - Returns: The number of bytes that arrived until the other side closed; nil if it did not.
    private func dial(_ port: UInt16, prologue: String) throws -> Int? {
        let socket = try #require(stranger.connection(to: port))
        defer { close(socket) }
        let own = NoiseKeyPair(privateKey: [UInt8](repeating: 3, count: 32))
        var noise = NoiseHandshake(
            role: .initiator, prologue: Array(prologue.utf8), staticKey: own,
            ephemeral: NoiseKeyPair(privateKey: [UInt8](repeating: 4, count: 32)))
        send(try noise.write(payload: []), on: socket)
        let answer = receive(on: socket)
        if (try? noise.read(answer)) != nil {
            var writer = CBORWriter()
            writer.array(count: 3)
            writer.unsigned(2)
            writer.bytes(later.peerID.bytes)
            writer.bytes(later.proof(of: own.publicKey))
            send(try noise.write(payload: writer.bytes), on: socket)
        } else {
            // An unreadable answer is the end.
            shutdown(socket, CInt(SHUT_WR))
        }
        var count = answer.count
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let read = recv(socket, &buffer, buffer.count, 0)
            if read == 0 || read < 0 && errno == ECONNRESET { return count }
            guard read > 0 else { return nil }
            count += read
        }
    }

    private func send(_ message: [UInt8], on socket: CInt) {
        let bytes = [UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message
        _ = Glibc.send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }

    private func receive(on socket: CInt) -> [UInt8] {
        var length = [UInt8](repeating: 0, count: 2)
        guard recv(socket, &length, 2, CInt(MSG_WAITALL)) == 2 else { return [] }
        var message = [UInt8](repeating: 0, count: Int(length[0]) << 8 | Int(length[1]))
        return recv(socket, &message, message.count, CInt(MSG_WAITALL)) == message.count ? message : []
    }

    private func notices(_ process: EarshotProcess) -> [String] {
        process.events.filter { $0["event"] == "notice" }.compactMap { $0["text"] }
    }

    @Test("a peer of version 2 is reported once, gets no link, and affects no other peer")
    func besideOurs() throws {
        let (ana, bea) = (try start("ana"), try start("bea"))
        let port = UInt16(try #require(try ana.waitUntilReady().fields["port"] as? Int))
        _ = try bea.waitUntilReady()
        _ = try ana.joined("bea")
        let before = ana.events.count

        stranger.send(20) { announcement($0) }
        for process in [ana, bea] {
            let notice = try process.first("a notice") { $0["event"] == "notice" }
            #expect(notice["text"]?.contains("version 2 of the protocol") == true)
        }
        #expect(try dial(port, prologue: "earshot link 1") != nil)
        #expect(try dial(port, prologue: "earshot link 2") != nil)
        stranger.send(20) { announcement(20 + $0) }

        try ana.say("after")
        _ = try bea.message("after")
        try bea.say("still here")
        _ = try ana.message("still here")
        #expect(notices(ana).count == 1 && notices(bea).count == 1)
        #expect(!ana.events.dropFirst(before).contains { $0["event"] == "peer" })
    }
}
