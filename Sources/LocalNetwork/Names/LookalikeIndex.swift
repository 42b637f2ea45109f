import CoreModel
package import Wire

/// Names by what they look like, so that one that can be mistaken for another is noticed without a walk over all of
/// them. Every key has at most one name here.
package struct LookalikeIndex {
    /// One key and its name. In the order of names, so that all keys of one name are passed over in one step.
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

    /// By each skeleton of the name, ascending.
    private var entries: [String: [Entry]] = [:]

    package init() {}

    /// A key has another name, or none.
    /// - Parameter former: the name that it has here, if it has one.
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

    /// The first name that looks like this one and is not the same, of a key that is none of these few.
    package func first(like name: Nickname, besides excluded: [PeerID]) -> Nickname? {
        for skeleton in name.skeletons {
            guard let alike = entries[skeleton] else { continue }
            var place = 0
            while place < alike.count {
                if alike[place].name == name {
                    // Thousands of keys may have had this very name.
                    place = alike.lowerBound(of: Entry(name, of: .greatest))
                    if place < alike.count, alike[place].name == name { place += 1 }
                } else if excluded.contains(alike[place].peer) {
                    place += 1
                } else {
                    return alike[place].name
                }
            }
        }
        return nil
    }
}
