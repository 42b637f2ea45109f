import Glibc
import Secure
import Wire

/// A run of one crowd at each server.
struct Fanout {
    let memberCount: Int
    let plan: Plan
    private let speakers: [Identity]
    private let entries: [[SignedEntry]]
    /// The messages sent one at a time, while calls are counted, at fixed times, and as fast as possible.
    private let single, counted, paced, batched: Range<Int>

    /// The maximum number of messages in transit.
    private static let window = 160

    init(memberCount: Int, plan: Plan) {
        self.memberCount = memberCount
        self.plan = plan
        let count = min(10, memberCount)
        speakers = (0..<count).map { Identity(seed: Array(repeating: UInt8(100 + $0), count: 32)) }
        // As many as take a second or two, signed beforehand.
        let messages = max(3_200, min(plan.isQuick ? 16_000 : 64_000, 6_000_000 / memberCount))
        let available = messages / count
        let singles = max(20, min(available / 4, (plan.isQuick ? 20_000 : 60_000) / memberCount))
        let paced = max(20, min(available / 4, (plan.isQuick ? 20_000 : 80_000) / memberCount))
        single = 0..<singles
        counted = singles..<singles + 20
        self.paced = counted.upperBound..<counted.upperBound + paced
        batched = self.paced.upperBound..<available
        entries = speakers.enumerated().map { [batched] index, speaker in
            // One member alone speaks until all do, so that no message answers one that was never sent.
            Self.entries(available, by: speaker, since: index == 0 ? 0 : batched.lowerBound)
        }
    }

    private static func entries(_ count: Int, by author: Identity, since first: Int) -> [SignedEntry] {
        var parents: [EntryID] = []
        return (0..<count).map { number in
            if number == first { parents = [] }
            let entry = SignedEntry(
                signing: Entry(
                    room: RelayServer.room, author: author.peerID, lamport: UInt64(number + 1),
                    wallTime: 1_800_000_000_000, parents: parents, kind: .text, body: Fixtures.text), by: author)
            parents = [entry.id]
            return entry
        }
    }

    func measure(_ server: FanoutServer) throws -> FanoutResult {
        let directory = try ScratchDirectory()
        defer { directory.remove() }
        let child =
            switch server {
            case .floor: try Child.role("fanout-floor", processor: Processor.other)
            case .relay:
                try Child.role("fanout-relay", [directory.path(of: "relay.db")], processor: Processor.other)
            case .relayInMemory: try Child.role("fanout-relay", processor: Processor.other)
            }
        guard let port = UInt16(try child.line()) else { throw Obstacle("the server did not report its port") }
        var visit = FanoutSession(child: child, crowd: FanoutMembers(), port: port)
        try visit.join(memberCount) { index, random in
            guard case .floor = server else {
                let identity =
                    index < speakers.count ? speakers[index] : Identity(seed: random.bytes(Identity.seedBytes))
                return FanoutMember(
                    identity: identity, name: "m\(index)", random: &random,
                    entries: index < speakers.count ? entries[index] : [])
            }
            return PlainMember(messageBytes: entries[0][1].bytes.count + 4)
        }
        try visit.single(single)
        try visit.systemCalls(counted)
        try visit.paced(paced, perSecond: 20_000 / Double(memberCount))
        try visit.batched(batched, speakers: speakers.count, window: Self.window)
        return visit.result
    }
}

/// One crowd at one server.
struct FanoutSession {
    let child: Child
    let crowd: FanoutMembers
    let port: UInt16
    var result = FanoutResult()

    init(child: Child, crowd: FanoutMembers, port: UInt16) {
        self.child = child
        self.crowd = crowd
        self.port = port
    }

    /// Connects all members, a hundred at a time.
    mutating func join(
        _ count: Int, _ make: (_ index: Int, _ random: inout RandomStream) -> any Member
    ) throws {
        var random = RandomStream(simulationSeed: UInt64(count))
        let members = (0..<count).map { make($0, &random) }
        let emptyBytes = child.residentBytes
        let (start, used) = (ProcessorClock.now, child.processorTime)
        for (index, member) in members.enumerated() {
            crowd.add(member, connectedBy: try Stream.connect(to: port))
            try crowd.turn()
            let crowd = crowd
            if index - crowd.joinedCount >= 100 { try crowd.turn { index - crowd.joinedCount < 100 } }
        }
        let crowd = crowd
        try crowd.turn { crowd.joinedCount == count }
        let elapsed = ProcessorClock.now - start
        result.joinsPerSecond = Double(count) * 1e9 / Double(elapsed)
        // The server reports the members present at most once a second.
        try settle(milliseconds: 1_200)
        result.joinProcessorTime = Double(child.processorTime - used) / Double(count)
        result.bytesPerMember = Double(child.residentBytes - emptyBytes) / Double(count)
    }

    private func settle(milliseconds: UInt64) throws {
        let end = ProcessorClock.now + milliseconds * 1_000_000
        while ProcessorClock.now < end { try crowd.turn(milliseconds: 10) }
    }

    /// Sends one message at a time.
    mutating func single(_ messages: Range<Int>) throws {
        let crowd = crowd
        result.single = try load { latencies in
            for number in messages {
                let sentAt = ProcessorClock.now
                let wanted = crowd.deliveredCount + crowd.members.count - 1
                crowd.deliveryArrived = { _, _ in latencies.times.append(Double(ProcessorClock.now - sentAt)) }
                crowd.say(number..<number + 1, by: 0)
                try crowd.turn { crowd.deliveredCount >= wanted }
            }
        }
    }

    /// Sends one message at a time, while the system calls of the server are counted.
    mutating func systemCalls(_ messages: Range<Int>) throws {
        let crowd = crowd
        let calls = try SystemCalls.count(of: child.processID) {
            for number in messages {
                let wanted = crowd.deliveredCount + crowd.members.count - 1
                crowd.say(number..<number + 1, by: 0)
                try crowd.turn { crowd.deliveredCount >= wanted }
            }
        }
        let deliveries = Double(messages.count * (crowd.members.count - 1))
        result.callsPerDelivery = calls.map { Double($0["total"] ?? 0) / deliveries }
    }

    /// Sends one message after the other at fixed times, whether or not the previous one has arrived.
    mutating func paced(_ messages: Range<Int>, perSecond: Double) throws {
        let crowd = crowd
        let delivered = crowd.members.map(\.deliveredCount)
        result.paced = try load { latencies in
            let start = ProcessorClock.now + 1_000_000
            let due = messages.indices.map { start + UInt64(Double($0 - messages.lowerBound) * 1e9 / perSecond) }
            crowd.deliveryArrived = { index, number in
                latencies.times.append(Double(ProcessorClock.now - due[number - delivered[index]]))
            }
            let wanted = crowd.deliveredCount + messages.count * (crowd.members.count - 1)
            for (index, number) in messages.enumerated() {
                while ProcessorClock.now < due[index] { try crowd.turn() }
                crowd.say(number..<number + 1, by: 0)
            }
            try crowd.turn { crowd.deliveredCount >= wanted }
        }
    }

    /// Sends as fast as the server can handle, with at most a window in transit.
    mutating func batched(_ range: Range<Int>, speakers: Int, window: Int) throws {
        let crowd = crowd
        // Two halves alternate, so that the server always has work.
        let part = max(1, window / 2 / speakers)
        let others = crowd.members.count - 1
        result.batched = try load { _ in
            crowd.deliveryArrived = nil
            var next = range.lowerBound
            var wanted = crowd.deliveredCount
            while next < range.upperBound {
                let messages = next..<min(next + part, range.upperBound)
                for speaker in 0..<speakers { crowd.say(messages, by: speaker) }
                next = messages.upperBound
                let underWay = messages.count * speakers * others
                let target = wanted
                wanted += underWay
                try crowd.turn { crowd.deliveredCount >= target }
            }
            try crowd.turn { crowd.deliveredCount >= wanted }
        }
    }

    private func load(_ body: (Latencies) throws -> Void) throws -> FanoutResult.Load {
        let latencies = Latencies()
        let (start, used) = (ProcessorClock.now, child.processorTime)
        let (delivered, bytes) = (crowd.deliveredCount, crowd.byteCount)
        try body(latencies)
        let elapsed = ProcessorClock.now - start
        crowd.deliveryArrived = nil
        let deliveries = Double(crowd.deliveredCount - delivered)
        return .init(
            deliveriesPerSecond: deliveries * 1e9 / Double(elapsed),
            processorSeconds: Double(child.processorTime - used) / 1e9 * 1e6 / deliveries,
            bytes: Double(crowd.byteCount - bytes) / deliveries,
            latencies: latencies.times.isEmpty ? nil : Measurement(latencies.times))
    }
}

/// The times from the sending of a message to each of its deliveries, in nanoseconds.
private final class Latencies {
    var times: [Double] = []
}
