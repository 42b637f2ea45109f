import Foundation
import TestKit
import Testing

/// Nothing that was said is lost: processes that are killed, hosts that are cut off.
@Suite(.serialized, .ownThreads, .timeLimit(.minutes(20)), .enabled(if: Lan.isToBeTested, "needs root, ip and nft"))
struct KeepingTests {
    let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func state(_ name: String) -> String { place.path(of: name) }

    private func start(_ name: String, on host: String) throws -> EarshotProcess {
        try EarshotProcess(name, state: state(name), namespace: host)
    }

    /// A number from the environment, for longer runs than `swift test` has time for.
    private func count(_ variable: String, usually: Int) -> Int {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? usually
    }

    @Test("five hosts, cut off and killed at random while 1,000 lines are said, end with the same lobby, nothing lost")
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

    @Test("sender and receiver killed at any moment: what is delivered is on the receiver's disk, all arrives once")
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
            // Sometimes at once, sometimes when all is done.
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
                // What is asked for before the name is settled is accepted then.
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

    @Test("a late joiner has what was said before, and who was away gets what was said meanwhile")
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

    /// How two networks differ.
    enum Difference: CaseIterable { case prefix, router }

    @Test("what was said on one network is not told on another", arguments: Difference.allCases)
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
            // Before an address comes, link-local ones (IPv6) suffice to be heard, which must not suffice to be told.
            try lan.removeAddress(0)
            _ = try? eve.joined("ana", within: 5)
            try lan.setAddress(0, to: "10.84.0.1/24")
        case .router: try lan.carry(0, toSecond: true)
        }
        _ = try eve.joined("ana", within: 20)
        // No event tells that the new address was noticed; what is said before is still said in the office.
        letTimePass(3)
        try ana.say("at home")
        _ = try eve.message("at home")
        #expect(try Kept(of: "lobby", in: state("eve")).texts == ["at home"])
        // The status socket keeps nothing.
        for file in try FileManager.default.contentsOfDirectory(atPath: state("eve")) where file != "status" {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: state("eve") + "/" + file))
            #expect(bytes.range(of: Data("only in the office".utf8)) == nil, "\(file)")
        }
        _ = try ana.first("bea leaving") { $0["state"] == "left" && $0["name"] == "bea" }
        // Back in the office, its lobby goes on.
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

    @Test("a start on the same network shows a person what was said last, and a script only what it asks for")
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
