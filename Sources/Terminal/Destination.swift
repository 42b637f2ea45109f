import CoreModel
import Wire

/// Where typed text goes.
enum Destination: Equatable {
    /// Nil: the default room.
    case room(RoomName?)
    /// This key, whatever it is called.
    case conversation(PeerID, name: String)
    /// The core was asked by this command whose name this is.
    case asking(String, CommandToken)

    /// As commands name it. A conversation is named by its key.
    var room: RoomName? {
        switch self {
        case .room(let room): room
        case .conversation(let peer, _): .conversation(with: peer.description)
        case .asking(let name, _): .conversation(with: name)
        }
    }

    /// What stands in the prompt; nil for the default.
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

    /// For people.
    var meaning: String {
        switch self {
        case .room(nil), .room(.lobby): "everyone on this network"
        case .room(.relayLobby(let relay)): "everyone on the relay \(relay)"
        case .room(.everyLobby): "every lobby"
        case .room(.conversation(let name)), .conversation(_, let name), .asking(let name, _):
            "\(name) only (/room lobby: to everyone again)"
        }
    }
}
