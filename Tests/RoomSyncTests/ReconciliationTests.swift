import CoreModel
import CoreTestKit
import RoomSync
import Secure
import TestKit
import Testing
import Wire

/// One reconciliation over a virtual pipe: its findings and its cost.
struct ReconciledPair {
    var need: Set<EntryID> = []
    var have: Set<EntryID> = []
    /// In the order of the findings.
    var needInOrder: [EntryID] = []
    var haveInOrder: [EntryID] = []
    var roundTrips = 0
    var bytes = 0

    init(_ ours: LogIndex, _ theirs: LogIndex, ourFloor: UInt64 = 0, theirFloor: UInt64 = 0) throws {
        var (reconciliation, message) = Reconciliation.open(over: ours, floor: ourFloor)
        while true {
            let answer = try Reconciliation.answer(message, over: theirs, floor: theirFloor)
            bytes += message.count + answer.count
            roundTrips += 1
            #expect(message.count <= Reconciliation.messageBytes && answer.count <= Reconciliation.messageBytes)
            let outcome = try reconciliation.messageReceived(answer, over: ours, floor: ourFloor)
            #expect(need.isDisjoint(with: outcome.need) && have.isDisjoint(with: outcome.have))
            need.formUnion(outcome.need)
            have.formUnion(outcome.have)
            needInOrder += outcome.need
            haveInOrder += outcome.have
            guard let reply = outcome.reply else { return }
            message = reply
        }
    }
}

@Suite struct ReconciliationTests {
    /// `spread`: the number of Lamport times.
    private static func keys(_ count: Int, spread: UInt64, using random: inout SeededGenerator) -> [EntryKey] {
        (0..<count).map { _ in
            EntryKey(lamport: UInt64.random(in: 1...spread, using: &random), id: EntryID(random.bytes(32))!)
        }
    }

    private static func index(_ keys: some Sequence<EntryKey>) -> LogIndex { LogIndex(ascending: keys.sorted()) }

    @Test("the findings are the plain set difference", arguments: 0..<300)
    func model(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let sizes = [0, 1, 2, 16, 17, 40, 300, 2_000]
        let spread: UInt64 = [1, 3, 100, 5_000, Limits.lamport].randomElement(using: &random)!
        let common = Self.keys(sizes.randomElement(using: &random)!, spread: spread, using: &random)
        let onlyOurs = Self.keys(sizes.randomElement(using: &random)!, spread: spread, using: &random)
        let onlyTheirs = Self.keys(sizes.randomElement(using: &random)!, spread: spread, using: &random)
        let floors = [0, 0, UInt64.random(in: 0...spread, using: &random)]
        let ourFloor = floors.randomElement(using: &random)!
        let theirFloor = floors.randomElement(using: &random)!
        let floor = max(ourFloor, theirFloor)
        let pair = try ReconciledPair(
            Self.index(common + onlyOurs), Self.index(common + onlyTheirs), ourFloor: ourFloor, theirFloor: theirFloor)
        #expect(pair.have == Set(onlyOurs.filter { $0.lamport >= floor }.map(\.id)))
        #expect(pair.need == Set(onlyTheirs.filter { $0.lamport >= floor }.map(\.id)))
        #expect(pair.roundTrips <= 12)
        // Entries that are requested in this order arrive after their parents.
        let order = Dictionary(uniqueKeysWithValues: (onlyOurs + onlyTheirs).map { ($0.id, $0) })
        #expect(pair.needInOrder == pair.needInOrder.compactMap { order[$0] }.sorted().map(\.id))
        #expect(pair.haveInOrder == pair.haveInOrder.compactMap { order[$0] }.sorted().map(\.id))
    }

    @Test("a peer that was cut off in the middle of a log finds the rest in order")
    func resumed() throws {
        var random = SeededGenerator(seed: 768)
        let all = Self.keys(1_000, spread: 100_000, using: &random).sorted()
        let pair = try ReconciledPair(Self.index(all.prefix(768)), Self.index(all))
        #expect(pair.needInOrder == all.dropFirst(768).map(\.id))
        let other = try ReconciledPair(Self.index(all), Self.index(all.prefix(768)))
        #expect(other.haveInOrder == all.dropFirst(768).map(\.id))
    }

    @Test(
        "ten thousand entries are compared at a cost in proportion to the difference",
        arguments: [(0, 1, 200), (1, 3, 4_000), (10, 6, 20_000), (1_000, 8, 250_000)])
    func cost(differences: Int, mostRoundTrips: Int, mostBytes: Int) throws {
        var random = SeededGenerator(seed: 42)
        let all = Self.keys(10_000, spread: 9_000, using: &random)
        // Half of the difference on either side.
        let ours = Self.index(all.dropFirst(differences / 2))
        let theirs = Self.index(all.dropLast(differences - differences / 2))
        let pair = try ReconciledPair(ours, theirs)
        #expect(pair.have.count + pair.need.count == differences)
        #expect(pair.roundTrips <= mostRoundTrips, "\(differences): \(pair.roundTrips) round trips")
        #expect(pair.bytes < mostBytes, "\(differences): \(pair.bytes) bytes")
        print("reconciliation of 10,000: \(differences) differ, \(pair.roundTrips) round trips, \(pair.bytes) bytes")
    }

    @Test("an empty log finds ten thousand entries in either role")
    func lateJoiner() throws {
        var random = SeededGenerator(seed: 1)
        let all = Self.index(Self.keys(10_000, spread: 10_000, using: &random))
        let joiner = try ReconciledPair(LogIndex(), all)
        #expect(joiner.need.count == 10_000)
        #expect(joiner.roundTrips <= 8)
        let host = try ReconciledPair(all, LogIndex())
        #expect(host.have.count == 10_000)
        #expect(host.roundTrips == 1)
    }

    @Test("random and mutated messages are answered or refused, never more than a message long", arguments: 0..<40)
    func hostile(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let common = Self.keys(200, spread: 300, using: &random)
        let ours = Self.index(common + Self.keys(20, spread: 300, using: &random))
        let theirs = Self.index(common + Self.keys(20, spread: 300, using: &random))
        var messages: [[UInt8]] = []
        var (reconciliation, message) = Reconciliation.open(over: ours, floor: 0)
        while true {
            messages.append(message)
            message = try Reconciliation.answer(message, over: theirs, floor: 0)
            messages.append(message)
            guard let reply = try reconciliation.messageReceived(message, over: ours).reply else { break }
            message = reply
        }
        for _ in 0..<200 {
            let bytes =
                Int.random(in: 0..<10, using: &random) == 0
                ? random.bytes(Int.random(in: 0..<80, using: &random))
                : random.mutated(messages.randomElement(using: &random)!)
            if let answer = try? Reconciliation.answer(bytes, over: ours, floor: 5) {
                #expect(answer.count <= Reconciliation.messageBytes)
            }
            var victim = Reconciliation.open(over: ours, floor: 0).0
            if let outcome = try? victim.messageReceived(bytes, over: ours) {
                #expect((outcome.reply?.count ?? 0) <= Reconciliation.messageBytes)
                #expect(Set(outcome.need).count == outcome.need.count)
                #expect(outcome.have.count <= ours.count)
            }
        }
    }

    @Test("a reconciliation ends after 64 rounds if the other side always claims a difference")
    func endlessLiar() throws {
        var random = SeededGenerator(seed: 3)
        let ours = Self.index(Self.keys(100, spread: 100, using: &random))
        var (reconciliation, _) = Reconciliation.open(over: ours, floor: 0)
        var rounds = 1
        // [0, [a fingerprint that matches nothing]]
        while try reconciliation.messageReceived([0x82, 0x00, 0x81, 0x50] + random.bytes(16), over: ours).reply != nil {
            rounds += 1
        }
        #expect(rounds == Reconciliation.roundCount)
    }

    @Test("malformed messages are refused with the reason")
    func refusals() {
        let index = LogIndex()
        let cases: [([UInt8], ReconciliationError)] = [
            ([0x80], .malformed(.endOfInput(offset: 1, needed: 1, remaining: 0))),
            ([0x80, 0x00], .malformed(.unexpectedCount(expected: 1, found: 0, offset: 0))),
            ([0x81, 0x00, 0x00], .malformed(.trailingBytes(count: 1, offset: 2))),
            ([0x82, 0x00, 0x82, 0x00, 0x40], .malformed(.unexpectedCount(expected: 3, found: 2, offset: 3))),
            // A bound at the start; a bound with a zero at its end; a Lamport time above the maximum.
            ([0x82, 0x00, 0x83, 0x00, 0x40, 0xF6], .wrongBound),
            ([0x82, 0x00, 0x83, 0x01, 0x41, 0x00, 0xF6], .wrongBound),
            ([0x82, 0x01, 0x83, 0x1B] + [UInt8](repeating: 0xFF, count: 8) + [0x40, 0xF6], .wrongBound),
            ([0x82, 0x00, 0x81, 0x41, 0x00], .wrongContent(bytes: 1)),
            ([0x83, 0x00, 0x81, 0xF6, 0x81, 0xF6], .rangeAfterTheLast),
            ([UInt8](repeating: 0, count: Limits.frameBytes + 1), .tooLong(bytes: Limits.frameBytes + 1)),
        ]
        for (message, error) in cases {
            #expect(throws: error) { try Reconciliation.answer(message, over: index, floor: 0) }
        }
    }

    @Test("two copies of a room that were separated become equal", arguments: 0..<10)
    func rooms(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let now = Example.instant(milliseconds: 0)
        let said = Example.conversation(count: 150, using: &random)
        var one = Example.log()
        var other = Example.log()
        for entry in said {
            let place = Int.random(in: 0..<3, using: &random)
            if place != 1 { try one.insert(entry, at: now, durability: .normal) }
            if place != 0 { try other.insert(entry, at: now, durability: .normal) }
        }
        let pair = try ReconciledPair(one.index, other.index)
        for entry in try other.entries(pair.need.sorted()[...]).found {
            try one.insert(SignedEntry(verifying: entry.bytes), at: now, durability: .normal)
        }
        for entry in try one.entries(pair.have.sorted()[...]).found {
            try other.insert(SignedEntry(verifying: entry.bytes), at: now, durability: .normal)
        }
        #expect(one.index.keys == said.map(\.key).sorted())
        #expect(one.index.keys == other.index.keys)
        #expect(one.heads == other.heads)
        #expect(one.takeShown().count == 150 && other.takeShown().count == 150)
    }
}
