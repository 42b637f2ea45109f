public import CoreModel
public import Wire

/// The side of a reconciliation that opens it: finds the difference of two logs of one room, at a cost in proportion to
/// the difference (Protocol.md, Reconciliation).
///
/// This side learns both halves of the difference; the other side answers each message from its index alone and keeps
/// no state. Whatever the other side sends, there are at most ``roundCount`` rounds of messages of at most
/// ``messageBytes``. The findings of each round are final, and the next reconciliation finds the rest.
public struct Reconciliation: Sendable {
    /// The maximum number of messages that one reconciliation sends.
    public static let roundCount = 64
    /// The maximum size of a message in bytes: it fits in a frame with its fixed fields.
    public static let messageBytes = Limits.reconciliationBytes
    /// The maximum number of IDs that are listed rather than split: such a list is not much longer than the
    /// fingerprints of a split, and saves a round trip.
    static let listedCount = 16
    /// The number of ranges that a differing range is split into.
    static let splitCount = 16

    /// The maximum number of IDs that are held back: 512 KiB.
    static let heldBackCount = 16_384

    /// The number of messages sent so far.
    public private(set) var roundsDone = 1
    /// Findings after a range that is not yet settled, ascending. If they were requested immediately, entries would
    /// arrive before their parents, perhaps by the length of a whole log.
    private var heldBack: [Finding] = []

    /// The result of a message of the other side. Over all rounds both lists ascend.
    public struct Outcome: Equatable, Sendable {
        /// The next message; nil when the reconciliation is complete.
        public var reply: [UInt8]?
        /// The entries that the other side has and we lack, as it claims.
        public var need: [EntryID] = []
        /// The entries that we have and the other side lacks.
        public var have: [EntryID] = []
    }

    /// The difference within one range.
    fileprivate struct Finding: Sendable {
        /// The start of the range.
        var start: EntryKey
        var need: [EntryID]
        var have: [EntryID]
    }

    /// Returns the lowest Lamport time that a message covers; nil for bytes that are not a message.
    package static func floor(of message: [UInt8]) -> UInt64? { (try? ReconciliationReader(message))?.floor }

    /// Begins a reconciliation of all entries whose Lamport time is `floor` or more.
    public static func open(over index: LogIndex, floor: UInt64) -> (Reconciliation, message: [UInt8]) {
        var writer = ReconciliationWriter(floor: floor)
        let start = index.position(of: EntryKey(lamport: floor, id: .least))
        writer.end(.fingerprint(index.fingerprint(at: start..<index.count)), at: nil)
        return (Reconciliation(), writer.message)
    }

    /// Handles an answer of the other side.
    public mutating func messageReceived(
        _ message: [UInt8], over index: LogIndex, floor: UInt64 = 0
    ) throws(ReconciliationError) -> Outcome {
        var comparison = try Comparison(message, over: index, floor: floor, isOpener: true)
        try comparison.run()
        let mayGoOn = comparison.writer.saysSomething && roundsDone < Self.roundCount
        if mayGoOn { roundsDone += 1 }
        heldBack += comparison.findings
        heldBack.sort { $0.start < $1.start }
        var outcome = Outcome(reply: mayGoOn ? comparison.writer.message : nil)
        let isTooMuch = heldBack.reduce(0) { $0 + $1.need.count + $1.have.count } > Self.heldBackCount
        let end = mayGoOn && !isTooMuch ? comparison.writer.firstQuestion : nil
        let settled = heldBack.prefix { finding in end.map { finding.start < $0 } ?? true }
        for finding in settled {
            outcome.need += finding.need
            outcome.have += finding.have
        }
        heldBack.removeFirst(settled.count)
        return outcome
    }

    /// Returns the answer of the side that did not open.
    public static func answer(
        _ message: [UInt8], over index: LogIndex, floor: UInt64
    ) throws(ReconciliationError) -> [UInt8] {
        var comparison = try Comparison(message, over: index, floor: floor, isOpener: false)
        try comparison.run()
        return comparison.writer.message
    }
}

/// The reason why bytes are not a valid reconciliation message.
public enum ReconciliationError: ViolationError, Equatable, Sendable {
    case malformed(CBORError)
    case tooLong(bytes: Int)
    /// A bound that is not above the one before it, or is above every Lamport time.
    case wrongBound
    /// Neither a fingerprint nor a list of IDs.
    case wrongContent(bytes: Int)
    /// A range after the one without an end.
    case rangeAfterTheLast

    package var violationText: String { "a comparison of logs that cannot be read" }
}

/// The comparison of one message with our log, and the answer as it grows.
private struct Comparison {
    private var reader: ReconciliationReader
    private let index: LogIndex
    private let isOpener: Bool
    /// The position of the first key that was not yet compared.
    private var position: Int
    var writer: ReconciliationWriter
    private(set) var findings: [Reconciliation.Finding] = []

    init(
        _ message: [UInt8], over index: LogIndex, floor: UInt64, isOpener: Bool
    ) throws(ReconciliationError) {
        reader = try ReconciliationReader(message)
        self.index = index
        self.isOpener = isOpener
        // Only entries that both keep are compared.
        let start = min(max(floor, reader.floor), Limits.lamport)
        position = index.position(of: EntryKey(lamport: start, id: .least))
        writer = ReconciliationWriter(floor: start)
    }

    mutating func run() throws(ReconciliationError) {
        while let range = try reader.next() {
            // Below the floor of one side: nothing to compare.
            if let end = range.end, end <= writer.lastBound { continue }
            let end = range.end.map { index.position(of: $0) } ?? index.count
            let positions = position..<max(position, end)
            let isSaid =
                switch range.content {
                case .skip: writer.end(.skip, at: range.end)
                case .fingerprint(let theirs): compare(theirs, with: positions, end: range.end)
                case .list(let theirs): compare(theirs, with: positions, end: range.end)
                }
            guard isSaid else {
                // The answer is full: the rest becomes one range, to be compared in the next round.
                let rest = index.fingerprint(at: position..<index.count)
                writer.endWithRest(rest)
                // The next message repeats what follows here; its form is checked all the same.
                while try reader.next() != nil {}
                return
            }
            position = positions.upperBound
        }
    }

    /// Compares a range with the other side's fingerprint.
    /// - Returns: False if the answer has no room for it; ``position`` is then the first key that was not compared.
    private mutating func compare(_ theirs: Fingerprint, with positions: Range<Int>, end: EntryKey?) -> Bool {
        if index.fingerprint(at: positions) == theirs { return writer.end(.skip, at: end) }
        if positions.count <= Reconciliation.listedCount {
            // The side that opened learns from the other's list; the other side has no use for ours.
            return isOpener ? writer.end(.list([]), at: end) : list(positions, end: end)
        }
        for part in 0..<Reconciliation.splitCount {
            let from = positions.lowerBound + positions.count * part / Reconciliation.splitCount
            let to = positions.lowerBound + positions.count * (part + 1) / Reconciliation.splitCount
            let bound = to == positions.upperBound ? end : separator(before: to)
            guard writer.end(.fingerprint(index.fingerprint(at: from..<to)), at: bound) else { return false }
            position = to
        }
        return true
    }

    private mutating func compare(_ theirs: [EntryID], with positions: Range<Int>, end: EntryKey?) -> Bool {
        // Only the side that opened keeps state; to the other side any list is a request for its own.
        guard isOpener else { return list(positions, end: end) }
        let own = index.keys(at: positions)
        var said = Set(theirs)
        var finding = Reconciliation.Finding(start: writer.lastBound, need: [], have: [])
        for key in own where said.remove(key.id) == nil { finding.have.append(key.id) }
        // In the order of the message, each once.
        for id in theirs where said.remove(id) != nil { finding.need.append(id) }
        if !finding.need.isEmpty || !finding.have.isEmpty { findings.append(finding) }
        return writer.end(.skip, at: end)
    }

    /// Lists our IDs, as many as there is room for.
    private mutating func list(_ positions: Range<Int>, end: EntryKey?) -> Bool {
        let room = writer.listRoom
        if positions.count <= room {
            return writer.end(.list(index.keys(at: positions).map(\.id)), at: end)
        }
        guard room > 0 else { return false }
        let cut = positions.lowerBound + room
        let part = index.keys(at: positions.lowerBound..<cut).map(\.id)
        if writer.end(.list(part), at: separator(before: cut)) { position = cut }
        return false
    }

    /// Returns the shortest bound that separates the key at `position` from the one before it.
    private func separator(before position: Int) -> EntryKey {
        let next = index[position]
        let previous = index[position - 1]
        guard previous.lamport == next.lamport else { return EntryKey(lamport: next.lamport, id: .least) }
        return EntryKey(lamport: next.lamport, id: next.id.shortest(above: previous.id))
    }
}
