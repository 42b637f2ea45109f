import Wire

/// The content of one range in a message.
enum LogRangeContent: Equatable {
    /// Nothing: the range is equal, or already settled.
    case skip
    case fingerprint(Fingerprint)
    /// All IDs that the sender has in the range.
    case list([EntryID])
}

/// A range from the end of the one before it (or from the floor) up to but not including `end`; nil: to the end of the
/// order.
struct LogRange: Equatable {
    package var end: EntryKey?
    package internal(set) var content: LogRangeContent
}

/// The writer of a message of at most ``Reconciliation/messageBytes``: `[floor, range…]`.
struct ReconciliationWriter {
    private let floor: UInt64
    private var body = CBORWriter(capacityBytes: 512)
    private var rangeCount = 0
    /// The end of everything covered so far, including skipped ranges.
    private(set) var lastBound: EntryKey
    /// The end of the last range that was written.
    private var writtenBound: EntryKey
    private var hasEnded = false
    /// The start of the first range that the other side has to compare; nil: there is none.
    private(set) var firstQuestion: EntryKey?

    package init(floor: UInt64) {
        self.floor = floor
        lastBound = EntryKey(lamport: floor, id: .least)
        writtenBound = lastBound
    }

    /// Whether the message has any range for the other side to compare.
    var saysSomething: Bool { rangeCount > 0 }

    /// The reserved space in bytes: the head of the message, one skipped range, a bound, and the range that ends a full
    /// message.
    private static let reservedBytes = 192
    private var freeBytes: Int { Reconciliation.messageBytes - Self.reservedBytes - body.bytes.count }
    /// The number of IDs that still fit in a list.
    var listRoom: Int { max(0, freeBytes / EntryID.byteCount) }

    /// Adds a range that reaches up to `end`. Skipped ranges are written only when another one follows them.
    /// - Returns: False, with nothing added, if there is no room.
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

    /// Ends a full message: the keys that were not compared are compared as a whole in the next round.
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

    /// The encoded message.
    package var message: [UInt8] {
        var whole = CBORWriter(capacityBytes: body.bytes.count + 16)
        whole.array(count: rangeCount + 1)
        whole.unsigned(floor)
        return whole.bytes + body.bytes
    }
}

/// A reader of a message from an untrusted peer.
struct ReconciliationReader {
    /// The lowest Lamport time that the message covers.
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

    /// Returns the next range; nil after the last.
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
                // One above the greatest Lamport time may still bound a range.
                guard !lamport.overflow, next.lamport <= Limits.lamport + 1, next > bound, prefix.last != 0 else {
                    throw ReconciliationError.wrongBound
                }
                bound = next
                end = next
            }
            hasEnded = end == nil
            let range = LogRange(end: end, content: try content())
            // Skips elements that a later version has added. They are inside two open containers.
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
    /// Creates an ID from these bytes, at most 32, padded with zeros.
    package init(zeroPadding prefix: some Collection<UInt8>) {
        let padding = [UInt8](repeating: 0, count: Self.byteCount - prefix.count)
        self.init(Array(prefix) + padding)!
    }

    /// Returns the shortest prefix of this ID, padded with zeros, that is greater than `other`. `other` must be below
    /// this ID.
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

    /// The bytes without trailing zeros.
    package var prefix: ArraySlice<UInt8> {
        let bytes = self.bytes
        return bytes[..<((bytes.lastIndex { $0 != 0 } ?? -1) + 1)]
    }
}
