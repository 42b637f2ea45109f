import CoreModel

/// The end of a trial, once everything has converged: it must stay converged, and every line must arrive.
extension Trial {
    func stayAtRest() throws {
        let start = simulation.now
        let called = callRoll()
        try advance(to: start + Self.earshot)
        try check(called.lines, "a line is shown to all its readers within \(Self.earshot)")
        try advance(to: start + settings.calm)
        try check(called.letters, "a peer that is present gets its private messages within \(settings.calm)")
        let restless = simulation.hosts.prefix(settings.peers).filter { witness.lastChange(at: $0) > start }
        if let unrest = witness.unrest(in: simulation) ?? restless.first.map({ "\($0) saw somebody come or go" }) {
            throw Violation("convergence is permanent", unrest, step: simulation.stepCount, at: simulation.now)
        }
    }

    /// The maximum time that a line may take. Each hop takes at most 0.2 s; a line that waits for reconciliation takes
    /// longer.
    private static let earshot = Duration.seconds(2)

    /// Makes every peer say a line on the LAN, every member one at the relay, and each write to the next peer present.
    private func callRoll() -> (lines: [String], letters: [String]) {
        var lines: [String] = []
        var letters: [String] = []
        for host in simulation.hosts.prefix(settings.peers) {
            lines.append("\(host) is here")
            perform(ScriptedAct(at: simulation.now, host: host, act: .say(lines[lines.count - 1])))
            if neighbourhood.isMember[host.number] {
                lines.append("\(host) is at the relay")
                perform(ScriptedAct(at: simulation.now, host: host, act: .sayAtRelay(lines[lines.count - 1])))
            }
            let others = (neighbourhood.neighbours(of: host) + neighbourhood.fellows(of: host)).sorted()
            if let other = others.first(where: { $0 > host }) ?? others.first {
                letters.append("\(host) to \(other)")
                perform(ScriptedAct(at: simulation.now, host: host, act: .tell(other, letters[letters.count - 1])))
            }
        }
        return (lines, letters)
    }

    private func check(_ texts: [String], _ invariant: String) throws {
        for text in texts {
            guard let missing = witness.unheard(text) else { continue }
            throw Violation(invariant, missing, step: simulation.stepCount, at: simulation.now)
        }
    }
}
