extension CBORReader {
    /// A container whose items are being passed over.
    private struct Level {
        /// Items to come; a pair of a map is two.
        var remainingItems: Int
        let isMap: Bool
        /// Where the key being read began.
        var keyStart = 0
        var previousKey: Range<Int>?

        /// Whether the item to come, or just read, is a key.
        var isAtKey: Bool { isMap && remainingItems.isMultiple(of: 2) }
    }

    /// Where the item at `position` ends, all of it checked. Works with a stack of its own, at most
    /// ``maximumDepth`` deep together with the containers around it, instead of recursion.
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

    /// An item ended, and with it perhaps the containers that it was the last item of.
    /// - Returns: whether nothing is open any more.
    private func itemEnded(at position: Int, _ levels: inout [Level]) throws(CBORError) -> Bool {
        while let top = levels.indices.last {
            if levels[top].isAtKey { try keyEnded(at: position, &levels[top]) }
            levels[top].remainingItems -= 1
            if levels[top].remainingItems > 0 { return false }
            levels.removeLast()
        }
        return true
    }

    /// Keys come in the bytewise order of their encodings, each once (RFC 8949 §4.2.1).
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
