extension CBORReader {
    /// A container whose items are being skipped.
    private struct Level {
        /// The number of items left; a pair of a map counts as two.
        var remainingItems: Int
        let isMap: Bool
        /// The index at which the key being read begins.
        var keyStart = 0
        var previousKey: Range<Int>?

        /// Whether the next item, or the one just read, is a key.
        var isAtKey: Bool { isMap && remainingItems.isMultiple(of: 2) }
    }

    /// Returns the index after the item at `position`, having checked all of it. Instead of recursing it keeps a stack,
    /// which together with the containers around the item is at most ``maximumDepth`` deep.
    func endOfItem() throws(CBORError) -> Int {
        var levels: [Level] = []
        var position = position
        while true {
            if let top = levels.indices.last, levels[top].isAtKey { levels[top].keyStart = position }
            let head = try head(at: position)
            switch head.type {
            case .bytes:
                position = try content(of: head).upperBound
            case .text:
                let content = try content(of: head)
                guard Self.isUTF8(bytes[content]) else { throw .invalidUTF8(offset: position - bytes.startIndex) }
                position = content.upperBound
            case .array, .map:
                guard depth + levels.count < Self.maximumDepth else {
                    throw .tooDeep(maximum: Self.maximumDepth, offset: position - bytes.startIndex)
                }
                let count = try count(of: head)
                position = head.end
                if count > 0 {
                    let isMap = head.type == .map
                    levels.append(Level(remainingItems: isMap ? 2 * count : count, isMap: isMap))
                    continue
                }
            case .unsigned, .negative, .simple, .tag:
                position = head.end
            }
            if try itemEnded(at: position, &levels) { return position }
        }
    }

    /// Records the end of an item, and of the containers whose last item it was.
    /// - Returns: Whether no container is left open.
    private func itemEnded(at position: Int, _ levels: inout [Level]) throws(CBORError) -> Bool {
        while let top = levels.indices.last {
            if levels[top].isAtKey { try keyEnded(at: position, &levels[top]) }
            levels[top].remainingItems -= 1
            if levels[top].remainingItems > 0 { return false }
            levels.removeLast()
        }
        return true
    }

    /// Checks that keys are unique and in the bytewise order of their encodings (RFC 8949 §4.2.1).
    private func keyEnded(at position: Int, _ level: inout Level) throws(CBORError) {
        let key = level.keyStart..<position
        if let previous = level.previousKey {
            let offset = key.lowerBound - bytes.startIndex
            if bytes[previous].elementsEqual(bytes[key]) { throw .duplicateKey(offset: offset) }
            guard bytes[previous].lexicographicallyPrecedes(bytes[key]) else { throw .keysOutOfOrder(offset: offset) }
        }
        level.previousKey = key
    }

    private static func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil
    }
}
