import LocalNetwork
import Wire

/// Names that can be mistaken for another peer's, pointed out on both sides.
extension Peer {
    /// Returns a remark if a name looks like ours, or like that of another peer that is or was here or at a relay.
    /// - Parameter peer: The peer that has the name now; may be ourselves.
    func remarkOnLookalike(of peer: PeerID, named name: Nickname) -> String? {
        if peer != id, let own = ownNames.first(where: { $0.looksLike(name) }) {
            return "\(name.text) looks like \(own.text), your own name, but is somebody else"
        }
        let indices = [roster.lookalikes] + sessions.all.map(\.roster.lookalikes)
        let other = indices.lazy.compactMap { $0.first(like: name, besides: [peer, id]) }.first
        return other.map { "\(name.text) looks like \($0.text), who is somebody else" }
    }

    /// Our names, here and at relays.
    private var ownNames: [Nickname] {
        [naming.claim?.name].compactMap(\.self) + sessions.all.compactMap(\.ownName)
    }

    /// Joins several remarks on one event.
    static func remarks(_ parts: String?...) -> String? {
        let parts = parts.compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
