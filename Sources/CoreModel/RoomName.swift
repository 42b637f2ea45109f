/// A room as people and scripts write it: `lobby`, `lobby@RELAY`, `@NAME`, `*`.
public enum RoomName: Hashable, Sendable {
    case lobby
    case relayLobby(relay: String)
    case conversation(with: String)
    case everyLobby

    /// - Returns: Nil if the text is none of the four forms.
    public init?(_ text: String) {
        if text == "lobby" {
            self = .lobby
        } else if text == "*" {
            self = .everyLobby
        } else if text.hasPrefix("lobby@"), text.utf8.count > 6 {
            self = .relayLobby(relay: String(text.dropFirst(6)))
        } else if text.hasPrefix("@"), text.utf8.count > 1 {
            self = .conversation(with: String(text.dropFirst(1)))
        } else {
            return nil
        }
    }
}

extension RoomName: CustomStringConvertible {
    public var description: String {
        switch self {
        case .lobby: "lobby"
        case .relayLobby(let relay): "lobby@\(relay)"
        case .conversation(let name): "@\(name)"
        case .everyLobby: "*"
        }
    }
}

extension RoomName {
    /// Whether this is a conversation of two peers.
    package var isPrivate: Bool {
        if case .conversation = self { true } else { false }
    }
}
