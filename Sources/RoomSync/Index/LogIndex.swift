import CoreModel
public import Wire

/// The keys of one log in order, with fingerprints of any range of them.
///
/// They are kept in sorted chunks of at most 512 keys, each with its sum: an insertion moves at most one chunk's
/// keys, and a fingerprint adds up at most two chunks' keys and the sums of the other chunks (20 to 40 of them for
/// 10,000 keys).
public struct LogIndex: Sendable {
    private var chunks: [Chunk] = []
    public private(set) var count = 0

    private struct Chunk {
        /// Ascending, never empty.
        var keys: [EntryKey]
        var sum: IDSum

        init(_ keys: [EntryKey]) {
            self.keys = keys
            sum = IDSum()
            for key in keys { sum.add(key.id) }
        }
    }

    private static let chunkKeyCount = 512

    public init() {}

    /// Creates an index of these keys.
    /// - Precondition: The keys ascend, without repeats.
    public init(ascending keys: [EntryKey]) {
        count = keys.count
        // Half full, so that the first insertions split nothing.
        for start in stride(from: 0, to: keys.count, by: Self.chunkKeyCount / 2) {
            chunks.append(Chunk(Array(keys[start..<min(keys.count, start + Self.chunkKeyCount / 2)])))
        }
    }

    public var isEmpty: Bool { count == 0 }
    public var first: EntryKey? { chunks.first?.keys.first }
    public var last: EntryKey? { chunks.last?.keys.last }

    /// Inserts a key.
    /// - Returns: False if the index already had it.
    @discardableResult
    public mutating func insert(_ key: EntryKey) -> Bool {
        guard !chunks.isEmpty else {
            chunks = [Chunk([key])]
            count = 1
            return true
        }
        // A key above all others goes into the last chunk.
        let index = min(chunkIndex(of: key), chunks.count - 1)
        let position = chunks[index].keys.lowerBound(of: key)
        if position < chunks[index].keys.count, chunks[index].keys[position] == key { return false }
        chunks[index].keys.insert(key, at: position)
        chunks[index].sum.add(key.id)
        count += 1
        if chunks[index].keys.count > Self.chunkKeyCount {
            let keys = chunks[index].keys
            chunks[index] = Chunk(Array(keys[..<(keys.count / 2)]))
            chunks.insert(Chunk(Array(keys[(keys.count / 2)...])), at: index + 1)
        }
        return true
    }

    /// Removes a key.
    /// - Returns: False if the index did not have it.
    @discardableResult
    public mutating func remove(_ key: EntryKey) -> Bool {
        let index = chunkIndex(of: key)
        guard index < chunks.count else { return false }
        let position = chunks[index].keys.lowerBound(of: key)
        guard position < chunks[index].keys.count, chunks[index].keys[position] == key else { return false }
        chunks[index].keys.remove(at: position)
        chunks[index].sum.subtract(key.id)
        count -= 1
        if chunks[index].keys.isEmpty { chunks.remove(at: index) }
        return true
    }

    /// Returns whether the index has the key.
    public func contains(_ key: EntryKey) -> Bool {
        let index = chunkIndex(of: key)
        guard index < chunks.count else { return false }
        let position = chunks[index].keys.lowerBound(of: key)
        return position < chunks[index].keys.count && chunks[index].keys[position] == key
    }

    /// Returns the number of keys below `key`, which is its position if the index has it.
    public func position(of key: EntryKey) -> Int {
        let index = chunkIndex(of: key)
        var position = 0
        for chunk in chunks[..<index] { position += chunk.keys.count }
        return index < chunks.count ? position + chunks[index].keys.lowerBound(of: key) : position
    }

    /// The key at a position in 0..<``count``.
    public subscript(position: Int) -> EntryKey {
        precondition((0..<count).contains(position), "no key at this position")
        var rest = position
        for chunk in chunks {
            if rest < chunk.keys.count { return chunk.keys[rest] }
            rest -= chunk.keys.count
        }
        preconditionFailure("the chunks have as many keys as the index")
    }

    /// Returns the keys at these positions, ascending.
    public func keys(at positions: Range<Int>) -> [EntryKey] {
        var keys: [EntryKey] = []
        keys.reserveCapacity(positions.count)
        visit(positions) { chunk, part in keys.append(contentsOf: chunk.keys[part]) }
        return keys
    }

    /// All keys, ascending.
    public var keys: [EntryKey] { keys(at: 0..<count) }

    /// Returns the fingerprint of the keys at these positions. Equal sets of IDs have equal fingerprints; different
    /// sets have the same only by chance.
    public func fingerprint(at positions: Range<Int>) -> Fingerprint {
        var sum = IDSum()
        visit(positions) { chunk, part in
            if part.count == chunk.keys.count {
                sum.add(chunk.sum)
            } else if part.count * 2 > chunk.keys.count {
                // Subtracts the smaller part from the whole.
                sum.add(chunk.sum)
                for key in chunk.keys[..<part.lowerBound] { sum.subtract(key.id) }
                for key in chunk.keys[part.upperBound...] { sum.subtract(key.id) }
            } else {
                for key in chunk.keys[part] { sum.add(key.id) }
            }
        }
        return Fingerprint(sum: sum, count: positions.count)
    }

    /// Calls `body` for each chunk that has keys at these positions.
    private func visit(_ positions: Range<Int>, _ body: (Chunk, Range<Int>) -> Void) {
        precondition(positions.lowerBound >= 0 && positions.upperBound <= count, "no keys at these positions")
        var start = 0
        for chunk in chunks {
            let end = start + chunk.keys.count
            if start >= positions.upperBound { return }
            let from = max(start, positions.lowerBound)
            let to = min(end, positions.upperBound)
            if from < to { body(chunk, from - start..<to - start) }
            start = end
        }
    }

    /// Returns the place of the first chunk whose last key is not below `key`, or the number of chunks if there is
    /// none.
    private func chunkIndex(of key: EntryKey) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = low + (high - low) / 2
            if chunks[middle].keys[chunks[middle].keys.count - 1] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
