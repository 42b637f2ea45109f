extension String {
    /// As much as fits, whole characters only.
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
