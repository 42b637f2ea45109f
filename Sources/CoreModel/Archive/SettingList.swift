import Wire

/// A list in an archive with one setting for each element, so that adding or removing one costs the same whatever the
/// length of the list. Its order is not kept.
package struct SettingList {
    private let name: String
    package private(set) var values: [[UInt8]]

    /// Reads the list that is stored under this name.
    package init(named name: String, in archive: any Archive) throws(ArchiveError) {
        self.name = name
        values = []
        let count = (try archive.setting("\(name) count") ?? []).reduce(0) { ($0 & 0xFF_FFFF) << 8 | Int($1) }
        for index in 0..<count {
            guard let value = try archive.setting("\(name) \(index)") else { break }
            values.append(value)
        }
    }

    package var count: Int { values.count }

    /// Adds an element and stores it.
    package mutating func append(_ value: [UInt8], in archive: any Archive) throws(ArchiveError) {
        try archive.setSetting("\(name) \(values.count)", to: value)
        try keepCount(values.count + 1, in: archive)
        values.append(value)
    }

    /// Removes an element; the last one takes its place.
    package mutating func remove(at index: Int, in archive: any Archive) throws(ArchiveError) {
        let last = values.count - 1
        if index != last { try archive.setSetting("\(name) \(index)", to: values[last]) }
        try archive.setSetting("\(name) \(last)", to: nil)
        try keepCount(last, in: archive)
        values.swapAt(index, last)
        values.removeLast()
    }

    private func keepCount(_ count: Int, in archive: any Archive) throws(ArchiveError) {
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
        try archive.setSetting("\(name) count", to: bytes)
    }
}
