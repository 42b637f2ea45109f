import Glibc

extension Benchmark {
    static let tell = Benchmark(
        name: "tell",
        about: "A private message from one's standard input to another's standard output; the floor is there and back "
            + "by TCP."
    ) { plan in
        var report = Report()
        Processor.bind(Processor.own)
        let floor = try Echo.times(plan.isQuick ? 1_000 : 10_000, bytes: 300)
        for (name, place) in [("on disk", nil), ("in memory", "/dev/shm")] as [(String, String?)] {
            let times = try telling(plan.isQuick ? 200 : 1_000, keptIn: place)
            report.add(name) { line in
                line.add("p50", times.median, .nanoseconds)
                line.add("p99", times.quantile(0.99), .nanoseconds)
                line.add("floor p50", floor.median, .nanoseconds)
                line.add("floor p99", floor.quantile(0.99), .nanoseconds)
                line.add("p50/floor", times.median / floor.median, .times)
            }
        }
        report.remarks.append("On disk, both sides wait for their disks before they go on; in memory, nobody does.")
        return report
    }

    private static func telling(_ count: Int, keptIn place: String?) throws -> Sample {
        let state = try ScratchDirectory(in: place ?? "/var/tmp")
        defer { state.remove() }
        let ana = try ChatProcess("ana", state: state, processor: Processor.other)
        try ChatProcess.turn([ana]) { ana.port != nil }
        let bea = try ChatProcess("bea", state: state, callingOn: ana.port, processor: Processor.own)
        try ChatProcess.turn([ana, bea]) { ana.joinedCount > 0 && bea.joinedCount > 0 && bea.readyAt != nil }
        return Sample(
            try (0..<count).map { number in
                let wanted = bea.messageCount + 1
                let start = Clock.now
                ana.child.write("{\"do\":\"tell\",\"to\":\"bea\",\"text\":\"\(Fixtures.text)\"}\n")
                try ChatProcess.turn([bea]) { bea.messageCount >= wanted }
                let elapsed = Double(Clock.now - start)
                ana.turn()
                return elapsed
            })
    }
}

/// Bytes sent back as they come.
enum Echo {
    /// Says its port on standard output and serves one caller.
    static func run() throws {
        let (listener, port) = try Stream.listen()
        Console.show("\(port)\n")
        let socket = accept(listener, nil, nil)
        Stream.setUp(socket, waits: true)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            Stream.send(Array(buffer[..<count]), on: socket)
        }
    }

    /// There and back, so many times.
    static func times(_ count: Int, bytes: Int) throws -> Sample {
        let child = try Child.role("echo", processor: Processor.other)
        guard let port = UInt16(try child.line()) else { throw Obstacle("the echo did not say its port") }
        let socket = try Stream.connect(to: port)
        defer { close(socket) }
        Stream.setUp(socket, waits: true)
        let message = [UInt8](repeating: 1, count: bytes)
        var buffer = [UInt8](repeating: 0, count: bytes)
        // Ends with its value.
        defer { withExtendedLifetime(child) {} }
        return Sample(
            (0..<count).map { _ in
                let start = Clock.now
                Stream.send(message, on: socket)
                var received = 0
                while received < bytes {
                    let more = recv(socket, &buffer, bytes - received, 0)
                    guard more > 0 else { break }
                    received += more
                }
                return Double(Clock.now - start)
            })
    }
}
