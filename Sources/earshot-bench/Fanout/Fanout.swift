import Glibc
import Secure
import Wire

extension Benchmark {
    static let fanout = Benchmark(
        name: "fanout",
        about: "A relay on one processor, its members on the other; the floor sends the same bytes with no checks."
    ) { plan in
        Processor.bind(Processor.own)
        var report = MeasurementReport()
        for count in plan.meant(plan.isQuick ? [10, 100, 1_000] : [10, 100, 1_000, 5_000]) {
            let fanout = Fanout(memberCount: count, plan: plan)
            let floor = try fanout.measure(.floor)
            for server in [FanoutServer.relay, .relayInMemory] {
                let result = try fanout.measure(server)
                report.add("\(count) members, \(server.name)", result, beside: floor)
            }
            report.add("\(count) members, floor", floor, beside: nil)
        }
        report.remarks.append("calls: system calls per delivery of a single message; CPU s/M: seconds for a million.")
        report.remarks.append(
            "batched: at most 160 messages in transit, from up to 10 members; single: one. Floors send the same bytes.")
        return report
    }
}

enum FanoutServer {
    case floor, relay, relayInMemory

    var name: String {
        switch self {
        case .floor: "floor"
        case .relay: "relay"
        case .relayInMemory: "relay, nothing kept"
        }
    }
}

/// The results of one server with one crowd.
struct FanoutResult {
    var joinsPerSecond = 0.0
    var joinProcessorTime = 0.0
    var bytesPerMember = 0.0
    /// The system calls for each delivery; nil where they cannot be counted.
    var callsPerDelivery: Double?
    var batched = Load()
    var single = Load()
    var paced = Load()

    struct Load {
        var deliveriesPerSecond = 0.0
        /// The processor time of the server for a million deliveries, in seconds.
        var processorSeconds = 0.0
        var bytes = 0.0
        var latencies: Measurement?
    }
}

extension MeasurementReport {
    fileprivate mutating func add(_ name: String, _ result: FanoutResult, beside floor: FanoutResult?) {
        add(name) { line in
            line.add("batched", result.batched.deliveriesPerSecond, .perSecond)
            if let floor {
                line.add("/floor", result.batched.deliveriesPerSecond / floor.batched.deliveriesPerSecond, .times)
            }
            line.add("CPU s/M", result.batched.processorSeconds, .count)
            line.add("single", result.single.deliveriesPerSecond, .perSecond)
            line.add("CPU s/M ", result.single.processorSeconds, .count)
            if let floor {
                line.add("CPU/floor", result.single.processorSeconds / floor.single.processorSeconds, .times)
            }
            if let calls = result.callsPerDelivery { line.add("calls", calls, .count) }
            line.add("B/delivery", result.single.bytes, .bytes)
            if let latencies = result.paced.latencies {
                line.add("paced p50", latencies.median, .nanoseconds)
                line.add("p99", latencies.quantile(0.99), .nanoseconds)
                if let lowest = floor?.paced.latencies {
                    line.add("p99/floor", latencies.quantile(0.99) / lowest.quantile(0.99), .times)
                }
            }
            line.add("joins", result.joinsPerSecond, .perSecond)
            line.add("CPU/join", result.joinProcessorTime, .nanoseconds)
            line.add("memory/member", result.bytesPerMember, .bytes)
        }
    }
}
