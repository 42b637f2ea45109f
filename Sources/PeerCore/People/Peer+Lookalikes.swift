import LocalNetwork
import Wire

/// Names that can be mistaken for another's, pointed out on both sides.
extension Peer {
    /// Says so if a name looks like ours, or like that of somebody else who is or was here or at a relay.
    /// - Parameter peer: whose name it is now; may be ourselves.
    func remarkOnLookalike(of peer: PeerID, named name: Nickname) -> String? {
        if peer != id, let own = ownNames.first(where: { $0.looksLike(name) }) {
            return "\(name.text) looks like \(own.text), your own name, but is somebody else"
        }
        let indices = [roster.lookalikes] + sessions.all.map(\.roster.lookalikes)
        let other = indices.lazy.compactMap { $0.first(like: name, besides: [peer, id]) }.first
        return other.map { "\(name.text) looks like \($0.text), who is somebody else" }
    }

    /// What we are called, here and at relays.
    private var ownNames: [Nickname] {
        [naming.claim?.name].compactMap(\.self) + sessions.all.compactMap(\.ownName)
    }

    /// Several remarks on one event as one.
    static func remarks(_ parts: String?...) -> String? {
        let parts = parts.compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
