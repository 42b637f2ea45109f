public import Wire

extension ChatOptions {
    /// Returns the name to use where the user cannot be asked: the given name, otherwise the login name.
    /// - Parameter login: Nil if the system has none.
    /// - Throws: ``NicknameError`` if the given name is not allowed; ``Arguments/Misuse``, which asks for a name, if
    ///   the login name is not allowed.
    public func name(orLogin login: String?) throws -> Nickname {
        if let name { return try Nickname(choosing: name) }
        do {
            return try Nickname(choosing: login ?? "peer")
        } catch {
            throw Arguments.Misuse(text: "the login name cannot be used (choose another with --name NAME): \(error)")
        }
    }
}
