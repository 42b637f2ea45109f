package import Wire

extension Frame {
    /// Returns the names of authors in as few frames as possible.
    package static func authors(_ names: [AuthorName], of room: RoomID) -> [Frame] {
        stride(from: 0, to: names.count, by: Limits.frameAuthorCount).map { start in
            let end = min(start + Limits.frameAuthorCount, names.count)
            return .authors(room: room, names: Array(names[start..<end]))
        }
    }
}
