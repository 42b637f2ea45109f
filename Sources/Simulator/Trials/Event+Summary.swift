import CoreModel

extension Event {
    /// A short description for a trace.
    var summary: String {
        switch self {
        case .ready(let name, _, _): "ready as \(name)"
        case .name(let change): "name \(change.state) \(change.name)"
        case .peer(let change):
            "\(change.was.map { "\($0), now " } ?? "")\(change.peer.name) \(change.state)"
        case .message(let message):
            "\(message.isHistory ? "late " : "")\(message.hasGap ? "with a gap " : "")\"\(message.text)\" of \(message.from)"
        case .delivery(_, let recipient, let state): "\(state) to \(recipient.name)"
        default: "\(self)"
        }
    }
}
