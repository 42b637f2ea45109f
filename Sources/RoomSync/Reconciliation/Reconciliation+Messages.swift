import Wire

/// What a message says of one stretch of the order.
enum LogRangeContent: Equatable {
    /// Nothing: equal, or already settled.
    case skip
    case fingerprint(Fingerprint)
    /// All IDs that the sender has there.
    case list([EntryID])
}

/// From the end of the stretch before it (or the floor) up to, and without, `end`; nil: to the end of the order.
struct LogRange: Equatable {
    package var end: EntryKey?
    package var content: LogRangeContent
}

/// Writes a message of at most ``Reconciliation/messageBytes``: `[floor, range…]`.
struct ReconciliationWriter {
    private let floor: UInt64
    private var body = CBORWriter(capacityBytes: 512)
    private var rangeCount = 0
    /// The end of what has been said, stretches to skip included.
    private(set) var lastBound: EntryKey
    /// The end of the last stretch that was written.
    private var writtenBound: EntryKey
    private var hasEnded = false
    /// Where the first stretch begins that the other side is asked about; nil: there is none.
    private(set) var firstQuestion: EntryKey?

    package init(floor: UInt64) {
        self.floor = floor
        lastBound = EntryKey(lamport: floor, id: .least)
        writtenBound = lastBound
    }

    /// Whether there is anything for the other side to look at.
    var saysSomething: Bool { rangeCount > 0 }

    /// Kept free: the head of the message, one skipped stretch, a bound, and the stretch that ends a full message.
    private static let reservedBytes = 192
    private var freeBytes: Int { Reconciliation.messageBytes - Self.reservedBytes - body.bytes.count }
    /// How many IDs still fit into a list.
    var listRoom: Int { max(0, freeBytes / EntryID.byteCount) }

    /// Says something of everything up to `end`. Stretches to skip are written only when something follows them.
    /// - Returns: false, with nothing said, if there is no room.
    @discardableResult
    package mutating func end(_ content: LogRangeContent, at end: EntryKey?) -> Bool {
        guard !hasEnded else { return true }
        if case .skip = content {
            if let end { lastBound = end } else { hasEnded = true }
            return true
        }
        let size = if case .list(let ids) = content { ids.count * EntryID.byteCount } else { Fingerprint.byteCount }
        guard size <= freeBytes else { return false }
        write(content, at: end)
        return true
    }

    /// Ends a full message: what was not looked at is compared as a whole in the next round.
    mutating func endWithRest(_ fingerprint: Fingerprint) {
        guard !hasEnded else { return }
        write(.fingerprint(fingerprint), at: nil)
    }

    private mutating func write(_ content: LogRangeContent, at end: EntryKey?) {
        firstQuestion = firstQuestion ?? lastBound
        if writtenBound != lastBound { append(.skip, end: lastBound) }
        append(content, end: end)
        if let end { lastBound = end } else { hasEnded = true }
    }

    private mutating func append(_ content: LogRangeContent, end: EntryKey?) {
        body.array(count: end == nil ? 1 : 3)
        if let end {
            body.unsigned(end.lamport &- writtenBound.lamport)
            body.bytes(end.id.prefix)
            writtenBound = end
        }
        switch content {
        case .skip: body.null()
        case .fingerprint(let fingerprint): body.bytes(fingerprint.bytes)
        case .list(let ids):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(ids.count * EntryID.byteCount)
            for id in ids { id.append(to: &bytes) }
            body.bytes(bytes)
        }
        rangeCount += 1
    }

    package var message: [UInt8] {
        var whole = CBORWriter(capacityBytes: body.bytes.count + 16)
        whole.array(count: rangeCount + 1)
        whole.unsigned(floor)
        return whole.bytes + body.bytes
    }
}

/// Reads a message that may come from anybody.
struct ReconciliationReader {
    /// The lowest Lamport time that the message speaks of.
    package let floor: UInt64
    private var reader: CBORReader
    private var rangesLeft: Int
    private var bound: EntryKey
    private var hasEnded = false

    package init(_ message: [UInt8]) throws(ReconciliationError) {
        guard message.count <= Reconciliation.messageBytes else { throw .tooLong(bytes: message.count) }
        var reader = CBORReader(message)
        do {
            let count = try reader.array()
            floor = try reader.unsigned()
            rangesLeft = count - 1
        } catch {
            throw .malformed(error)
        }
        guard rangesLeft >= 0 else {
            throw .malformed(.unexpectedCount(expected: 1, found: 0, offset: 0))
        }
        guard floor <= Limits.lamport else { throw .wrongBound }
        bound = EntryKey(lamport: floor, id: .least)
        self.reader = reader
    }

    /// The next stretch; nil behind the last.
    package mutating func next() throws(ReconciliationError) -> LogRange? {
        do {
            guard rangesLeft > 0 else {
                try reader.finish()
                return nil
            }
            rangesLeft -= 1
            guard !hasEnded else { throw ReconciliationError.rangeAfterTheLast }
            let count = try reader.array()
            guard count == 1 || count >= 3 else {
                throw CBORError.unexpectedCount(expected: 3, found: count, offset: reader.offset)
            }
            var end: EntryKey?
            if count > 1 {
                let lamport = bound.lamport.addingReportingOverflow(try reader.unsigned())
                let prefix = try reader.bytes(maximum: EntryID.byteCount)
                let next = EntryKey(lamport: lamport.partialValue, id: EntryID(zeroPadding: prefix))
                // One above the greatest Lamport time may still bound a stretch.
                guard !lamport.overflow, next.lamport <= Limits.lamport + 1, next > bound, prefix.last != 0 else {
                    throw ReconciliationError.wrongBound
                }
                bound = next
                end = next
            }
            hasEnded = end == nil
            let range = LogRange(end: end, content: try content())
            // Two containers are open around what a later version has added.
            for _ in 3..<max(3, count) { try reader.skip(inside: 2) }
            return range
        } catch let error as ReconciliationError {
            throw error
        } catch let error as CBORError {
            throw .malformed(error)
        } catch {
            preconditionFailure("only these two are thrown")
        }
    }

    private mutating func content() throws -> LogRangeContent {
        if reader.takeNull() { return .skip }
        let bytes = try reader.bytes()
        if let fingerprint = Fingerprint(bytes) { return .fingerprint(fingerprint) }
        guard bytes.count % EntryID.byteCount == 0 else { throw ReconciliationError.wrongContent(bytes: bytes.count) }
        var ids: [EntryID] = []
        ids.reserveCapacity(bytes.count / EntryID.byteCount)
        for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: EntryID.byteCount) {
            guard let id = EntryID(bytes[start..<start + EntryID.byteCount]) else { continue }
            ids.append(id)
        }
        return .list(ids)
    }
}

extension EntryID {
    /// These bytes, at most 32, and zeros behind them.
    package init(zeroPadding prefix: some Collection<UInt8>) {
        let padding = [UInt8](repeating: 0, count: Self.byteCount - prefix.count)
        self.init(Array(prefix) + padding)!
    }

    /// The first bytes of this one that are greater than `other`, which is below it, and zeros behind them.
    func shortest(above other: EntryID) -> EntryID {
        let (own, theirs) = (words, other.words)
        let pairs = [own.0 ^ theirs.0, own.1 ^ theirs.1, own.2 ^ theirs.2, own.3 ^ theirs.3]
        let word = pairs.firstIndex { $0 != 0 } ?? 3
        let keptBits = word * 64 + (pairs[word].leadingZeroBitCount / 8 + 1) * 8
        func mask(_ word: Int) -> UInt64 {
            let bits = min(max(keptBits - word * 64, 0), 64)
            return bits == 0 ? 0 : UInt64.max << UInt64(64 - bits)
        }
        return EntryID(words: (own.0 & mask(0), own.1 & mask(1), own.2 & mask(2), own.3 & mask(3)))
    }

    /// The bytes without the zeros at the end.
    package var prefix: ArraySlice<UInt8> {
        let bytes = self.bytes
        return bytes[..<((bytes.lastIndex { $0 != 0 } ?? -1) + 1)]
    }
}
