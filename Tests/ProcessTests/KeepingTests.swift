import Foundation
import TestKit
import Testing

/// No message is lost, even if processes are killed and hosts are cut off.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(20)), .enabled(if: Lan.isToBeTested, "needs root, ip and nft"))
struct KeepingTests {
    let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func state(_ name: String) -> String { place.path(of: name) }

    private func start(_ name: String, on host: String) throws -> EarshotProcess {
        try EarshotProcess(name, state: state(name), namespace: host)
    }

    /// Returns a number from the environment, for longer runs than `swift test` has time for.
    private func count(_ variable: String, usually: Int) -> Int {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? usually
    }

    @Test("five hosts, cut off and killed at random during 1,000 lines, end with the same complete lobby")
    func lobbyUnderFaults() throws {
        let lan = try Lan(5)
        let seed = UInt64(count("EARSHOT_SEED", usually: 1))
        var random = SeededGenerator(seed: seed)
        var peers = try lan.hosts.enumerated().map { try start("h\($0.offset)", on: $0.element) }
        for peer in peers { _ = try peer.waitUntilReady() }
        var accepted: Set<String> = []
        func note(_ peer: EarshotProcess) {
            for event in peer.events where event["event"] == "message" && event.fields["own"] as? Bool == true {
                if let id = event["id"] { accepted.insert(id) }
            }
        }
        var portsDown: Set<Int> = []
        for step in 0..<100 {
            let speaker = Int.random(in: 0..<5, using: &random)
            for line in 0..<10 { try? peers[speaker].say("\(step).\(line) by h\(speaker)") }
            let victim = Int.random(in: 0..<5, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0:
                peers[victim].signal(SIGKILL)
                _ = try peers[victim].exitStatus()
                note(peers[victim])
                peers[victim] = try start("h\(victim)", on: lan.hosts[victim])
            case 1 where portsDown.count < 3:
                try lan.setPort(victim, up: false)
                portsDown.insert(victim)
            case 2, 3:
                if let back = portsDown.popFirst() { try lan.setPort(back, up: true) }
            default: break
            }
            letTimePass(Double.random(in: 0...0.2, using: &random))
        }
        for port in portsDown { try lan.setPort(port, up: true) }
        let healedAt = EarshotProcess.uptime()
        var logs: [Kept] = []
        let areEqual = try Kept.wait(within: 60) {
            peers.forEach(note)
            logs = try (0..<5).map { try Kept(of: "lobby", in: state("h\($0)")) }
            return logs.allSatisfy { $0.ids == logs[0].ids } && accepted.isSubset(of: logs[0].ids)
        }
        measured("logs equal after healing", EarshotProcess.uptime() - healedAt)
        #expect(areEqual, "seed \(seed): \(logs.map(\.ids.count)) lines")
        #expect(accepted.isSubset(of: logs[0].ids), "seed \(seed): \(accepted.subtracting(logs[0].ids).count) lost")
        #expect(Set(logs[0].ids).count == logs[0].ids.count, "seed \(seed): something is there twice")
        #expect(accepted.count > 500, "seed \(seed): hardly anything was said")
        print("measured: \(accepted.count) lines said and kept by all five")
    }

    @Test("with random kills of sender and receiver, a delivered message is on disk, and each arrives once")
    func privateUnderKills() throws {
        let lan = try Lan(2)
        let kills = count("EARSHOT_KILLS", usually: 24)
        var random = SeededGenerator(seed: UInt64(count("EARSHOT_SEED", usually: 1)))
        var ana = try start("ana", on: lan.hosts[0])
        var bea = try start("bea", on: lan.hosts[1])
        _ = try ana.joined("bea")
        _ = try ana.waitUntilReady()
        var queued: Set<String> = []
        var delivered: Set<String> = []
        func note() {
            for event in ana.events where event["event"] == "delivery" {
                guard let id = event["id"] else { continue }
                if event["state"] == "queued" { queued.insert(id) } else { delivered.insert(id) }
            }
        }
        for round in 0..<kills {
            for line in 0..<4 { try? ana.send(["do": "tell", "to": "bea", "text": "\(round).\(line)"]) }
            // Sometimes immediately, sometimes when everything is done.
            letTimePass(Double.random(in: 0...[0.005, 0.03, 1].randomElement(using: &random)!, using: &random))
            if Bool.random(using: &random) {
                bea.signal(SIGKILL)
                _ = try bea.exitStatus()
                note()
                let kept = try Set(Kept(of: "ana", in: state("bea")).ids)
                #expect(delivered.isSubset(of: kept), "round \(round): \(delivered.subtracting(kept).count) lost")
                bea = try start("bea", on: lan.hosts[1])
            } else {
                ana.signal(SIGKILL)
                _ = try ana.exitStatus()
                note()
                ana = try start("ana", on: lan.hosts[0])
                // Commands given before the name is settled are accepted then.
                if Int.random(in: 0..<4, using: &random) > 0 { _ = try ana.waitUntilReady() }
            }
        }
        _ = try ana.waitUntilReady()
        _ = try ana.joined("bea", within: 20)
        var kept = try Kept(of: "ana", in: state("bea"))
        _ = try Kept.wait(within: 20) {
            note()
            kept = try Kept(of: "ana", in: state("bea"))
            return queued.isSubset(of: kept.ids)
        }
        #expect(queued.isSubset(of: kept.ids), "\(queued.subtracting(kept.ids).count) of \(queued.count) lost")
        #expect(Set(kept.ids).count == kept.ids.count && Set(kept.texts).count == kept.texts.count)
        print("measured: \(kills) kills, \(queued.count) accepted, \(delivered.count) seen delivered, none lost")
    }

    @Test("a late joiner receives the history, and a peer that was away receives the lines it missed")
    func lateJoiner() throws {
        let lan = try Lan(2)
        let lines = count("EARSHOT_LINES", usually: 1_000)
        let ana = try start("ana", on: lan.hosts[0])
        _ = try ana.waitUntilReady()
        for line in 0..<lines { try ana.say("line \(line)") }
        _ = try ana.message("line \(lines - 1)", within: 60)
        let bea = try start("bea", on: lan.hosts[1])
        let joined = try bea.joined("ana").time
        measured("\(lines) lines for a late joiner", try bea.message("line \(lines - 1)", within: 60).time - joined)
        let texts = bea.events.filter { $0["event"] == "message" }.compactMap { $0["text"] }
        #expect(texts == (0..<lines).map { "line \($0)" })
        #expect(bea.events.allSatisfy { $0["event"] != "message" || $0.fields["gap"] == nil })
    }

    /// The difference between two networks.
    enum Difference: CaseIterable { case prefix, router }

    @Test("messages from one network are not passed on to another", arguments: Difference.allCases)
    func networksApart(_ difference: Difference) throws {
        let lan = try Lan(3)
        // The third host is on a network of its own.
        try lan.setHalvesApart(true, firstHalf: 2)
        switch difference {
        case .prefix: try lan.setAddress(2, to: "10.84.0.3/24")
        case .router: try lan.addRouters()
        }
        let ana = try start("ana", on: lan.hosts[0])
        let bea = try start("bea", on: lan.hosts[1])
        _ = try ana.joined("bea")
        _ = try ana.waitUntilReady()
        try ana.say("only in the office")
        _ = try bea.message("only in the office")
        let eve = try start("eve", on: lan.hosts[2])
        _ = try eve.waitUntilReady()
        switch difference {
        case .prefix:
            try lan.setBridge(0, second: true)
            // Before an address is assigned, link-local ones (IPv6) suffice to be seen; they must not suffice to
            // receive history.
            try lan.removeAddress(0)
            _ = try? eve.joined("ana", within: 5)
            try lan.setAddress(0, to: "10.84.0.1/24")
        case .router: try lan.carry(0, toSecond: true)
        }
        _ = try eve.joined("ana", within: 20)
        // No event reports that the new address was noticed; a message before that still belongs to the office.
        letTimePass(3)
        try ana.say("at home")
        _ = try eve.message("at home")
        #expect(try Kept(of: "lobby", in: state("eve")).texts == ["at home"])
        // The status socket stores nothing.
        for file in try FileManager.default.contentsOfDirectory(atPath: state("eve")) where file != "status" {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: state("eve") + "/" + file))
            #expect(bytes.range(of: Data("only in the office".utf8)) == nil, "\(file)")
        }
        _ = try ana.first("bea leaving") { $0["state"] == "left" && $0["name"] == "bea" }
        // Back in the office, its lobby continues.
        let before = ana.events.count
        switch difference {
        case .prefix:
            try lan.setBridge(0, second: false)
            try lan.setAddress(0, to: "10.83.0.1/24")
        case .router: try lan.carry(0, toSecond: false)
        }
        _ = try ana.joined("bea", after: before, within: 20)
        try ana.say("back")
        _ = try bea.message("back")
        #expect(try Kept(of: "lobby", in: state("bea")).texts == ["only in the office", "back"])
    }

    @Test("a start on the same network shows a person the latest lines, and a script only those it requests")
    func restart() throws {
        let lan = try Lan(1)
        var ana = try start("ana", on: lan.hosts[0])
        _ = try ana.waitUntilReady()
        for line in 1...25 { try ana.say("line \(line)") }
        _ = try ana.message("line 25")
        ana.signal(SIGKILL)
        _ = try ana.exitStatus()
        ana = try start("ana", on: lan.hosts[0])
        _ = try ana.waitUntilReady()
        try ana.send(["do": "history", "limit": 100])
        let history = try ana.first("history") { $0["event"] == "history" }
        #expect((history.fields["messages"] as? [Any])?.count == 25)
        #expect(ana.events.allSatisfy { $0["event"] != "message" })
        ana.signal(SIGKILL)
        _ = try ana.exitStatus()
        let shown = try Lan.run(
            "(sleep 2; echo /quit) | ip netns exec \(lan.hosts[0]) \(EarshotProcess.binary) --name ana "
                + "--state \(state("ana"))")
        let lines = shown.split(separator: "\n").filter { $0.contains("<ana>") }
        #expect(
            lines.count == 20 && lines.first?.hasSuffix("line 6") == true && lines.last?.hasSuffix("line 25") == true)
    }
}
