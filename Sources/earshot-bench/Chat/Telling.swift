import Glibc
import Secure
import Wire

extension Benchmark {
    static let tell = Benchmark(
        name: "tell",
        about: "A private message from one's standard input to another's standard output, each after the receipt for "
            + "the one before; the floors are a round trip over TCP, and the least work that a message needs."
    ) { plan in
        var report = MeasurementReport()
        Processor.bind(Processor.own)
        let count = plan.isQuick ? 200 : 2_000
        for (name, place) in [("on disk", "/var/tmp"), ("in memory", "/dev/shm")] {
            let floor = try Echo.times(plan.isQuick ? 1_000 : 10_000, bytes: 300)
            let least = try leastTime(keptIn: place, echo: floor)
            let result = try telling(count, keptIn: place)
            report.add(name) { line in
                line.add("p50", result.times.median, .nanoseconds)
                line.add("p99", result.times.quantile(0.99), .nanoseconds)
                line.add("TCP p50", floor.median, .nanoseconds)
                line.add("p99 ", floor.quantile(0.99), .nanoseconds)
                line.add("p50/TCP", result.times.median / floor.median, .times)
                line.add("signature", least.signature, .nanoseconds)
                line.add("two syncs", least.syncs, .nanoseconds)
                line.add("p50/all", result.times.median / least.sum, .times)
                line.add("CPU, sender", result.senderTime, .nanoseconds)
                line.add("receiver", result.receiverTime, .nanoseconds)
            }
        }
        report.remarks.append("On disk, both sides wait for their disks before they go on; in memory, neither does.")
        report.remarks.append(
            "All: 1.5 round trips over TCP for three hops, one signature made and verified, and two "
                + "writes of three pages, each synced.")
        return report
    }

    private struct Told {
        var times: Measurement
        /// The processor time of each side for a message, in nanoseconds.
        var senderTime: Double
        var receiverTime: Double
    }

    private static func telling(_ count: Int, keptIn place: String) throws -> Told {
        let state = try ScratchDirectory(in: place)
        defer { state.remove() }
        let ana = try ChatProcess("ana", state: state, processor: Processor.other)
        try ChatProcess.turn([ana]) { ana.port != nil }
        let bea = try ChatProcess("bea", state: state, callingOn: ana.port, processor: Processor.own)
        try ChatProcess.turn([ana, bea]) { ana.joinedCount > 0 && bea.joinedCount > 0 && bea.readyAt != nil }
        let used = (ana.child.processorTime, bea.child.processorTime)
        let times = try (0..<count).map { _ in
            let wanted = (bea.messageCount + 1, ana.deliveredCount + 1)
            let start = ProcessorClock.now
            ana.child.write("{\"do\":\"tell\",\"to\":\"bea\",\"text\":\"\(Fixtures.text)\"}\n")
            try ChatProcess.turn([bea]) { bea.messageCount >= wanted.0 }
            let elapsed = Double(ProcessorClock.now - start)
            try ChatProcess.turn([ana]) { ana.deliveredCount >= wanted.1 }
            return elapsed
        }
        return Told(
            times: Measurement(times), senderTime: Double(ana.child.processorTime - used.0) / Double(count),
            receiverTime: Double(bea.child.processorTime - used.1) / Double(count))
    }

    private struct Least {
        var signature: Double
        var syncs: Double
        var sum: Double
    }

    /// Measures the least work that a message needs, whatever transmits it.
    private static func leastTime(keptIn place: String, echo: Measurement) throws -> Least {
        let directory = try ScratchDirectory(in: place)
        defer { directory.remove() }
        let sync = Measurement(try directory.syncTimes(200, bytes: 3 * 4_120))
        let payload = Fixtures.entries(2)[1].bytes
        let signatures = Measurement(
            (0..<200).map { _ in
                let start = ProcessorClock.now
                let signature = Fixtures.identity.sign(payload, for: .entry)
                use(Signing.ed25519.isValid(signature, of: payload, for: .entry, by: Fixtures.identity.peerID))
                return Double(ProcessorClock.now - start)
            })
        return Least(
            signature: signatures.median, syncs: 2 * sync.median,
            sum: 1.5 * echo.median + signatures.median + 2 * sync.median)
    }
}

extension ScratchDirectory {
    /// Returns the times of writes over existing data, each synced, in nanoseconds.
    fileprivate func syncTimes(_ count: Int, bytes: Int) throws -> [Double] {
        let descriptor = open(path(of: "synced"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Obstacle("cannot create a file in \(path)") }
        defer { close(descriptor) }
        let content = [UInt8](repeating: 1, count: bytes)
        for _ in 0..<count { _ = content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } }
        fsync(descriptor)
        return (0..<count).map { number in
            let start = ProcessorClock.now
            _ = content.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, number * bytes) }
            fdatasync(descriptor)
            return Double(ProcessorClock.now - start)
        }
    }
}

/// A server that returns every byte that it receives.
enum Echo {
    /// Prints its port on standard output and serves one client.
    static func run() throws {
        let (listener, port) = try Stream.listen()
        BenchmarkOutput.show("\(port)\n")
        let socket = accept(listener, nil, nil)
        Stream.setUp(socket, waits: true)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            Stream.send(Array(buffer[..<count]), on: socket)
        }
    }

    /// Measures that many round trips.
    static func times(_ count: Int, bytes: Int) throws -> Measurement {
        let child = try Child.role("echo", processor: Processor.other)
        guard let port = UInt16(try child.line()) else { throw Obstacle("the echo did not report its port") }
        let socket = try Stream.connect(to: port)
        defer { close(socket) }
        Stream.setUp(socket, waits: true)
        let message = [UInt8](repeating: 1, count: bytes)
        var buffer = [UInt8](repeating: 0, count: bytes)
        // The process ends when this value is released.
        defer { withExtendedLifetime(child) {} }
        return Measurement(
            (0..<count).map { _ in
                let start = ProcessorClock.now
                Stream.send(message, on: socket)
                var received = 0
                while received < bytes {
                    let more = recv(socket, &buffer, bytes - received, 0)
                    guard more > 0 else { break }
                    received += more
                }
                return Double(ProcessorClock.now - start)
            })
    }
}
