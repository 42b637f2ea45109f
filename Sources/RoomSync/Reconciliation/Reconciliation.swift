public import CoreModel
public import Wire

/// Finds what two logs of one room differ in, at a cost in proportion to the difference (Protocol.md, Reconciliation).
///
/// The one who opens keeps this value and learns both sides of the difference; the other answers each message from
/// its index alone and keeps nothing. Whatever the other side sends, there are at most ``roundCount`` rounds of
/// messages of at most ``messageBytes``; what a round has found stands, and the next reconciliation finds the rest.
public struct Reconciliation: Sendable {
    /// Messages that one reconciliation sends at most.
    public static let roundCount = 64
    /// Size of a message: a frame has room for it and its fixed fields.
    public static let messageBytes = Limits.reconciliationBytes
    /// Up to this many IDs are listed rather than split: a list of them is no longer than the fingerprints of a split.
    static let listedCount = 16
    /// Stretches that a differing stretch is split into.
    static let splitCount = 16

    /// What is found and held back at once, in IDs: 512 KiB.
    static let heldBackCount = 16_384

    /// Messages sent so far.
    public private(set) var roundsDone = 1
    /// What was found behind something that is not yet settled, ascending. Were it asked for at once, entries would
    /// come before their parents, by a whole log perhaps.
    private var heldBack: [Finding] = []

    /// What a message of the other side says about the two logs. Over all rounds both lists ascend.
    public struct Outcome: Equatable, Sendable {
        /// The next message; nil: done.
        public var reply: [UInt8]?
        /// Entries that the other side says it has and we lack.
        public var need: [EntryID] = []
        /// Entries that we have and the other side lacks.
        public var have: [EntryID] = []
    }

    /// What one stretch differs in.
    fileprivate struct Finding: Sendable {
        /// Where the stretch begins.
        var start: EntryKey
        var need: [EntryID]
        var have: [EntryID]
    }

    /// Where what a message speaks of begins; nil for what is no message.
    package static func floor(of message: [UInt8]) -> UInt64? { (try? ReconciliationReader(message))?.floor }

    /// Begins, with everything that has a Lamport time of `floor` or more.
    public static func open(over index: LogIndex, floor: UInt64) -> (Reconciliation, message: [UInt8]) {
        var writer = ReconciliationWriter(floor: floor)
        let start = index.position(of: EntryKey(lamport: floor, id: .least))
        writer.end(.fingerprint(index.fingerprint(at: start..<index.count)), at: nil)
        return (Reconciliation(), writer.message)
    }

    /// The other side's answer.
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

    /// The answer of the side that did not open.
    public static func answer(
        _ message: [UInt8], over index: LogIndex, floor: UInt64
    ) throws(ReconciliationError) -> [UInt8] {
        var comparison = try Comparison(message, over: index, floor: floor, isOpener: false)
        try comparison.run()
        return comparison.writer.message
    }
}

/// Why a message is none of reconciliation.
public enum ReconciliationError: ViolationError, Equatable, Sendable {
    case malformed(CBORError)
    case tooLong(bytes: Int)
    /// A bound that is not above the one before it, or above every Lamport time.
    case wrongBound
    /// Neither a fingerprint nor a list of IDs.
    case wrongContent(bytes: Int)
    /// Something after the stretch that has no end.
    case rangeAfterTheLast

    package var violationText: String { "a comparison of logs that cannot be read" }
}

/// One message being compared with our log, and the answer to it as it grows.
private struct Comparison {
    private var reader: ReconciliationReader
    private let index: LogIndex
    private let isOpener: Bool
    /// Position of the first key that was not yet compared.
    private var position: Int
    var writer: ReconciliationWriter
    private(set) var findings: [Reconciliation.Finding] = []

    init(
        _ message: [UInt8], over index: LogIndex, floor: UInt64, isOpener: Bool
    ) throws(ReconciliationError) {
        reader = try ReconciliationReader(message)
        self.index = index
        self.isOpener = isOpener
        // Only what both keep is compared.
        let start = min(max(floor, reader.floor), Limits.lamport)
        position = index.position(of: EntryKey(lamport: start, id: .least))
        writer = ReconciliationWriter(floor: start)
    }

    mutating func run() throws(ReconciliationError) {
        while let range = try reader.next() {
            // Below what both keep: nothing to compare.
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
                // The answer is full: the rest in one stretch, to be compared in the next round.
                let rest = index.fingerprint(at: position..<index.count)
                writer.endWithRest(rest)
                // What the message says behind this point comes again; its form is checked all the same.
                while try reader.next() != nil {}
                return
            }
            position = positions.upperBound
        }
    }

    /// - Returns: false if the answer has no room for it; ``position`` tells how far it came.
    private mutating func compare(_ theirs: Fingerprint, with positions: Range<Int>, end: EntryKey?) -> Bool {
        if index.fingerprint(at: positions) == theirs { return writer.end(.skip, at: end) }
        if positions.count <= Reconciliation.listedCount {
            // The side that opened learns from the other's list; its own would be of no use there.
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
        // Only the side that opened remembers; to the other any list is the question what it has.
        guard isOpener else { return list(positions, end: end) }
        let own = index.keys(at: positions)
        var said = Set(theirs)
        var finding = Reconciliation.Finding(start: writer.lastBound, need: [], have: [])
        for key in own where said.remove(key.id) == nil { finding.have.append(key.id) }
        // In their order, each once.
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

    /// The shortest bound that parts the key at `position` from the one before it.
    private func separator(before position: Int) -> EntryKey {
        let next = index[position]
        let previous = index[position - 1]
        guard previous.lamport == next.lamport else { return EntryKey(lamport: next.lamport, id: .least) }
        return EntryKey(lamport: next.lamport, id: next.id.shortest(above: previous.id))
    }
}
