extension String {
    /// Returns the longest prefix of whole characters that fits in `limit` bytes of UTF-8.
    package func fitting(bytes limit: Int) -> String {
        if utf8.count <= limit { return self }
        var fitting = ""
        var size = 0
        for character in self {
            size += character.utf8.count
            if size > limit { break }
            fitting.append(character)
        }
        return fitting
    }
}
