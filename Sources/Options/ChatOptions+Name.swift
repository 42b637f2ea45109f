public import Wire

extension ChatOptions {
    /// What to be called where nobody can be asked: the name that was given, else the login name.
    /// - Parameter login: nil where the system has none.
    /// - Throws: ``NicknameError`` if the given name cannot be chosen; ``Arguments/Misuse``, which says to give one, if
    ///   the login name cannot.
    public func name(orLogin login: String?) throws -> Nickname {
        if let name { return try Nickname(choosing: name) }
        do {
            return try Nickname(choosing: login ?? "peer")
        } catch {
            throw Arguments.Misuse(text: "the login name will not do (give another with --name NAME): \(error)")
        }
    }
}
