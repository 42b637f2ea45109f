import CoreModel
import PeerCore
import RelayCore
import Secure
import Wire

/// A peer and a relay that start with arbitrary stored data: unverified settings, peers and entries.
enum KeptFuzzTarget {
    private static let own = Identity(seed: [UInt8](repeating: 1, count: 32))
    private static let others = (2...3).map { Identity(seed: [UInt8](repeating: $0, count: 32)) }
    private static let gathering = GatheringID([UInt8](repeating: 7, count: 32)) ?? .least
    private static let place = "relay.example:47475"

    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let archive = MemoryArchive()
        for _ in 0..<64 where !choices.isOver {
            // An archive in memory does not fail.
            try! fill(archive, &choices)
        }
        for log in (try? archive.logs()) ?? [] { exported(log, archive) }
        peer(archive.copy())
        relay(archive)
    }

    private static var logs: [LogID] {
        [.lobby(gathering), .conversation(others[0].peerID), .relayLobby(others[1].peerID), .relayLobby(own.peerID)]
    }

    private static func fill(_ archive: MemoryArchive, _ choices: inout Choices) throws {
        switch choices.byte() % 8 {
        case 0:
            let peer = others[choices.index(below: 2)].peerID
            let (first, last) = (choices.number(), choices.number())
            try archive.remember(
                KnownPeer(
                    id: peer, name: choices.text(), firstSeen: WallTime(milliseconds: first),
                    lastSeen: WallTime(milliseconds: last), isBlocked: choices.flag()))
        case 1:
            let log = logs[choices.index(below: logs.count)]
            let entry = entry(&choices)
            _ = try archive.append(entry, body: "x", to: log, durability: .full)
            if choices.flag() { try archive.awaitReceipt(of: entry.key, in: log) }
        case 2:
            let list = ["relay ban", "relay mute", "relay operator"][choices.index(below: 3)]
            try archive.setSetting("\(list) count", to: choices.flag() ? [choices.byte() % 4] : choices.chunk())
            try archive.setSetting("\(list) \(choices.byte() % 4)", to: value(&choices))
        case 3: try archive.setSetting("gatherings", to: visits(&choices))
        default:
            let names = [
                "name", "gatherings", "unseen", "contested names", "relay topic", "relay \(place)", "relay named hub",
                "floor lobby \(gathering)", "floor with \(others[0].peerID)", "floor relay \(own.peerID)",
            ]
            try archive.setSetting(names[choices.index(below: names.count)], to: value(&choices))
        }
    }

    /// Returns arbitrary bytes, or a value of the right form with arbitrary content.
    private static func value(_ choices: inout Choices) -> [UInt8] {
        guard choices.flag() else { return choices.chunk() }
        var writer = CBORWriter()
        let count = choices.index(below: 8)
        writer.array(count: count)
        for _ in 0..<count {
            switch choices.byte() % 6 {
            case 0: writer.unsigned(choices.number())
            case 1: writer.text(choices.text())
            case 2: writer.bytes(choices.chunk())
            case 3: writer.null()
            case 4: writer.identifier(others[0].peerID)
            default: writer.array(count: choices.index(below: 7))
            }
        }
        return writer.bytes
    }

    /// Returns the gatherings of a network, in the right form.
    private static func visits(_ choices: inout Choices) -> [UInt8] {
        var writer = CBORWriter()
        let count = choices.index(below: 4)
        writer.array(count: count)
        for _ in 0..<count {
            writer.array(count: 4)
            writer.identifier(choices.flag() ? gathering : .least)
            writer.unsigned(choices.number())
            writer.array(count: 1)
            writer.array(count: 2)
            writer.text(choices.flag() ? "10.0.0.1" : choices.text())
            writer.unsigned(choices.number())
            writer.array(count: choices.index(below: 2))
            writer.bytes(choices.chunk())
        }
        return writer.bytes
    }

    private static func entry(_ choices: inout Choices) -> ArchivedEntry {
        let author = choices.flag() ? own : others[0]
        let room = RoomID(SHA256.hash(Array("earshot lobby v1".utf8))) ?? .least
        let entry = Entry(
            room: room, author: author.peerID, lamport: choices.number() % Limits.lamport + 1,
            wallTime: choices.number() % Limits.wallTime, parents: [], kind: .text, body: "x\(choices.byte())")
        let signed = SignedEntry(signing: entry, by: author)
        guard choices.byte() % 4 == 0 else { return ArchivedEntry(key: signed.key, bytes: signed.bytes) }
        return ArchivedEntry(
            key: EntryKey(lamport: signed.key.lamport, id: signed.id), bytes: choices.chunk())
    }

    // MARK: Use of the stored data

    private static func exported(_ log: LogID, _ archive: MemoryArchive) {
        guard let rooms = try? KeptRooms(archive: archive, own: own.peerID) else { return }
        let count = (try? rooms.messages(of: log).shown.count) ?? 0
        FuzzTarget.require(count <= (try? archive.keys(of: log).count) ?? 0, "more is exported than stored")
        for text in ["lobby", "@ana", "\(others[0].peerID)", "lobby@\(own.peerID)"] { _ = try? rooms.logs(named: text) }
    }

    private static func peer(_ archive: MemoryArchive) {
        // The name is valid.
        var configuration = PeerConfiguration(name: try! Nickname("ana"))
        configuration.recentLineCount = 5
        configuration.relays = [RelayTarget(address: place, endpoints: [])]
        guard
            var peer = try? Peer(
                configuration: configuration, identity: own, random: RandomStream(simulationSeed: 1), archive: archive)
        else { return }
        let prefix = NetworkInterface.Prefix(address: .v4(0x0A00_0001), length: 24)
        let ethernet = NetworkInterface(index: 2, name: "eth0", isLoopback: false, addresses: [prefix])
        let commands: [Command] = [
            .who, .say(text: "hello", kind: .text, room: nil), .history(room: .lobby, limit: 50),
            .tell(to: "\(others[0].peerID)", text: "hello", kind: .text), .search(words: "x", limit: 9),
            .forget(.lobby), .quit(afterReceipts: false),
        ]
        live(&peer, [.started(linkPort: 47474, interfaces: [ethernet])] + commands.map { .commanded($0, token: nil) })
    }

    private static func relay(_ archive: MemoryArchive) {
        guard
            var relay = try? Relay(
                // The name is valid.
                configuration: RelayConfiguration(name: try! Nickname("hub")), identity: own,
                random: RandomStream(simulationSeed: 1), archive: archive)
        else { return }
        live(&relay, [.started(linkPort: 47475, interfaces: []), .commanded(.bans, token: CommandToken(number: 1))])
    }

    /// Runs a core with one input a second; whatever was stored, the core must come to rest in between.
    private static func live(_ core: inout some Core, _ inputs: [Input]) {
        var now = Instant(nanoseconds: 0)
        for (number, input) in (inputs.map { Optional($0) } + [nil, nil, nil, nil]).enumerated() {
            if let input, tell(&core, input, at: now) { return }
            let end = Instant(nanoseconds: 0) + .seconds(number + 1)
            var rounds = 0
            while let deadline = core.nextDeadline, deadline.at <= end {
                now = max(deadline.at, now + .microseconds(1))
                if tell(&core, .deadlineReached, at: now) { return }
                rounds += 1
                precondition(rounds < 5_000, "the core never comes to rest")
            }
            now = max(now, end)
        }
    }

    /// Handles one input.
    /// - Returns: Whether its host ends now.
    private static func tell(_ core: inout some Core, _ input: Input, at now: Instant) -> Bool {
        core.handle(
            input, at: now, wall: WallTime(milliseconds: 1_767_225_600_000 &+ UInt64(now.nanoseconds / 1_000_000)))
        var count = 0
        while let output = core.nextOutput() {
            if case .finished = output { return true }
            count += 1
            precondition(count < 10_000, "one input leads to endless outputs")
        }
        return false
    }
}
