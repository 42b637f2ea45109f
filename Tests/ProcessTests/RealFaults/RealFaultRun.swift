import Foundation
import TestKit

/// Real processes on real hosts that talk all the time, while the faults of a plan occur. Afterwards, everything must
/// recover.
final class RealFaultRun {
    let plan: RealFaultPlan
    let hosts: [RealFaultHost]
    /// Starts the relay, if there is one.
    private let makeRelay: (() throws -> RelayProcess)?
    private var relay: RelayProcess?
    private var random: SeededGenerator
    private var reference = 0
    /// The actions on the hosts, for the trace.
    private var done: [(at: Double, text: String)] = []
    /// The private messages that were requested, by the command's number.
    private var tells: [Int: (from: Int, to: Int, text: String)] = [:]
    /// The lobbies by the name that their members use, each with its hosts.
    private let lobbies: [(room: String, hosts: [Int])]

    /// The time after the last fault in which everything must recover, in seconds: a link that was cut without notice
    /// is closed after 10 s, and the next attempt to dial may take a while.
    static let healingSeconds = 40.0 * Sanitizer.slowness

    struct Wrong: Error, CustomStringConvertible {
        let plan: RealFaultPlan
        let what: String
        /// The path of the log of all actions and events.
        let trace: String
        var description: String {
            "seed \(plan.seed): \(what)\nfaults, in steps of \(RealFaultPlan.stepSeconds) s:\n\(plan.text)\n"
                + "the trace is in \(trace)"
        }
    }

    init(
        _ plan: RealFaultPlan, hosts: [RealFaultHost], lobbies: [(room: String, hosts: [Int])],
        relay: (() throws -> RelayProcess)? = nil
    ) throws {
        self.plan = plan
        self.hosts = hosts
        self.lobbies = lobbies
        makeRelay = relay
        random = SeededGenerator(seed: plan.seed &+ 1)
        self.relay = try relay?()
    }

    private func wrong(_ what: String) -> Wrong {
        let path = NSTemporaryDirectory() + "earshot-faults-\(plan.seed).log"
        var lines = done
        for host in hosts {
            for process in host.former + [host.process] {
                lines += process.events.map { (at: $0.time, text: "h\(host.number) \($0.fields)") }
                lines.append((at: process.startedAt, text: "h\(host.number) is started"))
            }
        }
        lines.sort { $0.at < $1.at }
        let text = lines.map { String(format: "%.3f", $0.at) + " " + $0.text }.joined(separator: "\n")
        try? Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return Wrong(plan: plan, what: what, trace: path)
    }

    /// Runs the plan.
    /// - Returns: A summary.
    func run() throws -> String {
        for host in hosts { try host.socket.makeSpareBridges() }
        for host in hosts { _ = try host.process.waitUntilReady(within: 30) }
        let start = EarshotProcess.uptime()
        for step in 0..<plan.steps {
            for fault in plan.faults where fault.steps.upperBound == step { try end(fault) }
            for fault in plan.faults where fault.steps.lowerBound == step { try begin(fault, step) }
            try speak(step)
            try lookAtAll()
            letTimePass(max(0, start + Double(step + 1) * RealFaultPlan.stepSeconds - EarshotProcess.uptime()))
        }
        for fault in plan.faults where fault.steps.upperBound >= plan.steps { try end(fault) }
        let healed = EarshotProcess.uptime()
        var unrest: String? = "nothing was looked at"
        while unrest != nil {
            try lookAtAll()
            unrest = try RealFaultRest(hosts: hosts, lobbies: lobbies, tells: tells) { self.nextReference() }.unrest()
            if unrest == nil { break }
            done.append((EarshotProcess.uptime(), "not right yet: \(unrest ?? "")"))
            guard EarshotProcess.uptime() < healed + Self.healingSeconds else {
                throw wrong("\(Self.healingSeconds) s after the last fault: \(unrest ?? "")")
            }
            letTimePass(0.2)
        }
        try lookAtAll()
        if ProcessInfo.processInfo.environment["EARSHOT_FAULT_TRACE"] != nil { print(wrong("nothing").trace) }
        let lines = hosts.reduce(0) { $0 + $1.ledger.lines.count }
        let queued = hosts.reduce(0) { $0 + $1.ledger.queued.count }
        let seconds = String(format: "%.1f", EarshotProcess.uptime() - healed)
        return
            "seed \(plan.seed): \(plan.faults.count) faults, \(lines) lines, \(queued) private, right after \(seconds) s"
    }

    private func nextReference() -> Int {
        reference += 1
        return reference
    }

    private func lookAtAll() throws {
        if let relay, relay.isOver { throw wrong("the relay ended by itself: \(relay.log)") }
        for host in hosts {
            host.look()
            if !host.isDown, host.process.isOver {
                throw wrong("h\(host.number) ended by itself: \(host.process.standardError)")
            }
            if let complaint = host.complaint { throw wrong("h\(host.number): \(complaint)") }
        }
    }

    // MARK: Talking

    private func speak(_ step: Int) throws {
        for line in 0..<Int.random(in: 0...3, using: &random) {
            let host = hosts[Int.random(in: 0..<hosts.count, using: &random)]
            let own = lobbies.filter { $0.hosts.contains(host.number) }
            let lobby = own[Int.random(in: 0..<own.count, using: &random)]
            // It may be down.
            try? host.process.send(["do": "say", "text": "\(step).\(line) by h\(host.number)", "room": lobby.room])
        }
        let from = Int.random(in: 0..<hosts.count, using: &random)
        let to = Int.random(in: 0..<hosts.count, using: &random)
        guard from != to, let id = hosts[to].id else { return }
        let number = nextReference()
        tells[number] = (from, to, "\(number) from h\(from) to h\(to)")
        try? hosts[from].process.send([
            "do": "tell", "to": id, "text": "\(number) from h\(from) to h\(to)", "ref": number,
        ])
    }

    // MARK: Faults

    private func begin(_ fault: RealFaultPlan.Fault, _ step: Int) throws {
        done.append((EarshotProcess.uptime(), "begins \(fault)"))
        if fault.kind == .relayKilled {
            relay?.signal(SIGKILL)
            _ = try relay?.exitStatus()
            relay = nil
            return
        }
        for host in fault.hosts.map({ hosts[$0] }) {
            switch fault.kind {
            case .moved, .unplugged, .portDown: host.strays.begin()
            case .killed:
                host.process.signal(SIGKILL)
                try checkReceipts(of: host)
            case .quit:
                host.isDown = true
                try? host.process.send(["do": "quit"])
            case .asleep: host.process.signal(SIGSTOP)
            case .renamed: try? host.process.send(["do": "nick", "name": "r\(step)h\(host.number)"])
            case .namesakes: try? host.process.send(["do": "nick", "name": "zoe\(fault.amount)"])
            default: break
            }
            try host.socket.begin(fault)
        }
    }

    private func end(_ fault: RealFaultPlan.Fault) throws {
        done.append((EarshotProcess.uptime(), "ends \(fault)"))
        if fault.kind == .relayKilled { relay = try makeRelay?() }
        for host in fault.hosts.map({ hosts[$0] }) {
            try host.socket.end(fault)
            switch fault.kind {
            case .moved, .unplugged, .portDown:
                // Another fault of these kinds may still last.
                let others = plan.faults.filter { other in
                    [.moved, .unplugged, .portDown].contains(other.kind) && other.hosts.contains(host.number)
                        && other.steps.lowerBound < fault.steps.upperBound
                        && other.steps.upperBound > fault.steps.upperBound
                }
                if others.isEmpty { host.strays.end() }
            case .killed: try host.start()
            case .quit:
                let status = try host.process.exitStatus()
                host.look()
                guard status == 0 else { throw wrong("h\(host.number) quit with status \(status)") }
                try host.start()
            case .asleep: host.process.signal(SIGCONT)
            default: break
            }
        }
    }

    /// Checks a host that was just killed: messages that others know to be delivered to it are on its disk.
    private func checkReceipts(of host: RealFaultHost) throws {
        host.isDown = true
        _ = try host.process.exitStatus()
        for other in hosts { other.look() }
        for other in hosts where other !== host {
            guard let id = other.id else { continue }
            let here = other.ledger.delivered.filter {
                other.ledger.queued[$0].flatMap { tells[$0]?.to } == host.number
            }
            guard !here.isEmpty else { continue }
            let lost = here.subtracting(try Kept(of: id, in: host.state).ids)
            if !lost.isEmpty {
                throw wrong(
                    "h\(other.number) was told that \(lost.count) are delivered, and h\(host.number) lacks them")
            }
        }
    }
}
