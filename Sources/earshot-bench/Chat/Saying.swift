import Secure

extension Benchmark {
    static let say = Benchmark(
        name: "say",
        about: "Many lines from one to many, all linked to all and storing all; the floor is a bare server with as "
            + "many receivers."
    ) { plan in
        var report = MeasurementReport()
        for count in plan.meant(plan.isQuick ? [10] : [10, 100]) {
            let messages = (plan.isQuick ? 10_000 : 40_000) / count
            let floor = try Self.floor(messages, to: count)
            var (rates, costs): ([Double], [Double]) = ([], [])
            let state = try ScratchDirectory()
            defer { state.remove() }
            let all = try ChatProcess.meeting(count + 1, named: "p", state: state)
            for _ in 0..<(plan.isQuick ? 1 : 3) {
                let result = try Self.saying(messages, among: all)
                rates.append(result.perSecond)
                costs.append(result.processorTime)
            }
            report.add("to \(count)") { line in
                line.add("messages", Measurement(rates).median, .perSecond, spread: Measurement(rates).spread)
                line.add("deliveries", Measurement(rates).median * Double(count), .perSecond)
                line.add("CPU/delivery", Measurement(costs).median, .nanoseconds, spread: Measurement(costs).spread)
                line.add("floor", floor.perSecond, .perSecond)
                line.add("floor CPU", floor.processorTime, .nanoseconds)
                line.add("CPU/floor", Measurement(costs).median / floor.processorTime, .times)
            }
        }
        report.remarks.append("CPU is that of sender and receivers; each receiver verifies each signature.")
        return report
    }

    /// The rate, and the processor time of all processes for each delivery, in nanoseconds.
    private typealias Cost = (perSecond: Double, processorTime: Double)

    private static func saying(_ count: Int, among all: [ChatProcess]) throws -> Cost {
        let wanted = all.map { $0.messageCount + count }
        let used = all.reduce(0) { $0 + $1.child.processorTime }
        let start = ProcessorClock.now
        let line = "{\"do\":\"say\",\"text\":\"\(Fixtures.text)\"}\n"
        // The capacity of a pipe is limited, so its output must be read meanwhile.
        var left = count
        while left > 0 {
            let part = min(left, 200)
            all[0].child.write(String(repeating: line, count: part))
            left -= part
            let written = count - left
            try ChatProcess.turn(all) { all[0].messageCount >= wanted[0] - count + written - 200 }
        }
        try ChatProcess.turn(all, within: 120) { zip(all, wanted).allSatisfy { $0.messageCount >= $1 } }
        let elapsed = ProcessorClock.now - start
        let spent = all.reduce(0) { $0 + $1.child.processorTime } - used
        return (
            Double(count) * 1e9 / Double(elapsed), Double(spent) / Double(count) / Double(all.count - 1)
        )
    }

    private static func floor(_ count: Int, to receivers: Int) throws -> Cost {
        let child = try Child.role("fanout-floor", processor: Processor.other)
        guard let port = UInt16(try child.line()) else { throw Obstacle("the server did not report its port") }
        let bytes = Fixtures.entries(2)[1].bytes.count
        let crowd = FanoutMembers()
        for _ in 0...receivers {
            crowd.add(PlainMember(messageBytes: bytes), connectedBy: try Stream.connect(to: port))
        }
        let (start, used) = (ProcessorClock.now, child.processorTime + ProcessorClock.processor)
        var (next, wanted) = (0, 0)
        while next < count {
            let part = min(100, count - next)
            crowd.say(next..<next + part, by: 0)
            next += part
            wanted += part * receivers
            let target = wanted - 100 * receivers
            try crowd.turn { crowd.deliveredCount >= target }
        }
        let target = wanted
        try crowd.turn { crowd.deliveredCount >= target }
        let spent = child.processorTime + ProcessorClock.processor - used
        return (
            Double(count) * 1e9 / Double(ProcessorClock.now - start), Double(spent) / Double(count) / Double(receivers)
        )
    }
}
