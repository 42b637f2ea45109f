import RoomSync
import Wire

extension Benchmark {
    static let reconcile = Benchmark(
        name: "reconcile",
        about: "Two logs of 10,000 entries that differ; the floor is a comparison of the two in one memory."
    ) { plan in
        var report = MeasurementReport()
        for differences in [0, 1, 10, 1_000] {
            let pair = LogPair(entries: 10_000, differences: differences)
            let course = try pair.reconcile()
            let (timing, floor, ratio) = try Timing.of(plan) {
                use(try pair.reconcile())
            } beside: {
                use(pair.compare())
            }
            report.add("\(differences) differences") { line in
                line.add("rounds", Double(course.rounds), .count)
                line.add("bytes", Double(course.bytes), .bytes)
                line.add("IDs alone", Double(differences * EntryID.byteCount), .bytes)
                line.add("time", timing.nanoseconds, .nanoseconds, spread: timing.spread)
                line.add("allocations", timing.allocations, .count)
                line.add("floor", floor.nanoseconds, .nanoseconds, spread: floor.spread)
                line.add("time/floor", ratio, .times)
            }
        }
        return report
    }
}

/// Two logs, each of which lacks half of the differing entries.
private struct LogPair {
    private let ana: LogIndex
    private let bea: LogIndex
    private let differences: Int

    init(entries: Int, differences: Int) {
        let keys = Fixtures.keys(entries + differences / 2, seed: 1)
        let every = differences == 0 ? 0 : keys.count / differences
        func without(_ remainder: Int) -> LogIndex {
            var left = differences
            return LogIndex(
                ascending: keys.enumerated().filter { place, _ in
                    guard every > 0, place % every == 0, left > 0 else { return true }
                    left -= 1
                    return (place / every) % 2 != remainder
                }.map(\.element))
        }
        (ana, bea) = (without(0), without(1))
        self.differences = differences
    }

    func reconcile() throws -> (rounds: Int, bytes: Int) {
        var (opener, message) = Reconciliation.open(over: ana, floor: 0)
        var (rounds, bytes, found) = (0, 0, 0)
        while true {
            let answer = try Reconciliation.answer(message, over: bea, floor: 0)
            let outcome = try opener.messageReceived(answer, over: ana)
            rounds += 1
            bytes += message.count + answer.count
            found += outcome.need.count + outcome.have.count
            guard let reply = outcome.reply else { break }
            message = reply
        }
        guard found == differences else { throw Obstacle("\(found) of \(differences) differences were found") }
        return (rounds, bytes)
    }

    /// Counts the differences as a process that has both logs in memory would.
    func compare() -> Int {
        var (left, right) = (ana.keys[...], bea.keys[...])
        var found = 0
        while let one = left.first, let other = right.first {
            if one == other {
                left.removeFirst()
                right.removeFirst()
            } else {
                found += 1
                if one < other { left.removeFirst() } else { right.removeFirst() }
            }
        }
        return found + left.count + right.count
    }
}
