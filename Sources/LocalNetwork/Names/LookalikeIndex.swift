import CoreModel
package import Wire

/// An index of names by their appearance, which finds a name that can be mistaken for another without walking all
/// names. Each key has at most one name in the index.
package struct LookalikeIndex {
    /// A key and its name, ordered by name so that all keys of one name are skipped in one step.
    private struct Entry: Comparable {
        let name: Nickname
        let peer: PeerID

        init(_ name: Nickname, of peer: PeerID) {
            self.name = name
            self.peer = peer
        }

        static func < (left: Self, right: Self) -> Bool {
            (left.name.folded, left.peer) < (right.name.folded, right.peer)
        }
    }

    /// The entries by each skeleton of the name, ascending.
    private var entries: [String: [Entry]] = [:]

    package init() {}

    /// Changes the name of a key; nil removes it.
    /// - Parameter former: The name that the key has in the index, if any.
    package mutating func replace(_ former: Nickname?, by name: Nickname?, of peer: PeerID) {
        guard former?.text != name?.text else { return }
        if let former {
            for skeleton in former.skeletons {
                entries[skeleton]?.remove(sorted: Entry(former, of: peer))
                if entries[skeleton]?.isEmpty == true { entries[skeleton] = nil }
            }
        }
        if let name {
            for skeleton in name.skeletons { entries[skeleton, default: []].insert(sorted: Entry(name, of: peer)) }
        }
    }

    /// Returns the first name that looks like this one without being equal to it, excluding the names of some keys.
    package func first(like name: Nickname, besides excluded: [PeerID]) -> Nickname? {
        for skeleton in name.skeletons {
            guard let alike = entries[skeleton] else { continue }
            var index = 0
            while index < alike.count {
                if alike[index].name == name {
                    // Thousands of keys may have had this very name.
                    index = alike.lowerBound(of: Entry(name, of: .greatest))
                    if index < alike.count, alike[index].name == name { index += 1 }
                } else if excluded.contains(alike[index].peer) {
                    index += 1
                } else {
                    return alike[index].name
                }
            }
        }
        return nil
    }
}
