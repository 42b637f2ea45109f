import CoreModel
import Wire

/// The destination of typed text.
enum Destination: Equatable {
    /// A room; nil is the default room.
    case room(RoomName?)
    /// A conversation with this key, regardless of its name.
    case conversation(PeerID, name: String)
    /// A conversation with a name that the core, asked by this command, has not resolved yet.
    case asking(String, CommandToken)

    /// The room as commands name it. A conversation is named by its key.
    var room: RoomName? {
        switch self {
        case .room(let room): room
        case .conversation(let peer, _): .conversation(with: peer.description)
        case .asking(let name, _): .conversation(with: name)
        }
    }

    /// The text in the prompt; nil for the default room.
    var name: String? {
        switch self {
        case .room(nil), .room(.lobby): nil
        case .room(let room?): room.description
        case .conversation(_, let name), .asking(let name, _): name
        }
    }

    var isConversation: Bool {
        if case .room = self { false } else { true }
    }

    /// A description for people.
    var meaning: String {
        switch self {
        case .room(nil), .room(.lobby): "everyone on this network"
        case .room(.relayLobby(let relay)): "everyone on the relay \(relay)"
        case .room(.everyLobby): "every lobby"
        case .room(.conversation(let name)), .conversation(_, let name), .asking(let name, _):
            "\(name) only (/room lobby for everyone again)"
        }
    }
}
