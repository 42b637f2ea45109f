import CoreModel
import Wire

/// The names at a relay: first come, first served. A name is kept for a while for a key whose link broke.
struct RelayNames {
    /// The time for which a name is kept for its key after its link broke.
    static let holdTime = Duration.seconds(60)
    /// The maximum number of names kept for keys that are not present; the oldest are released.
    static let heldCount = 10_000

    private struct Holder {
        var peer: PeerID
        /// Nil: the key is present.
        var until: Instant?
    }

    /// The holders by folded name. Never iterated.
    private var holders: [String: Holder] = [:]
    private var names: [PeerID: Nickname] = [:]
    /// The kept names in the order in which they expire; entries of keys that returned are skipped.
    private var held: [(peer: PeerID, until: Instant)] = []
    /// Where the search for a free `name-N` continues, by folded name, so that thousands of keys that want one name do
    /// not each count from the start.
    private var nextNumber: [String: Int] = [:]
    /// Names that more than one key wanted, with their holders: after a restart of the relay no other key may claim
    /// them first.
    private var contested: ContestedNames

    /// - Parameter contested: Names from an earlier start; see ``resume(at:)``.
    init(_ contested: ContestedNames = ContestedNames()) { self.contested = contested }

    /// Returns the name of a key that is present or whose name is kept.
    func name(of peer: PeerID) -> Nickname? { names[peer] }

    /// Returns the key that holds the name, present or not.
    func holder(of name: Nickname) -> PeerID? { holders[name.folded]?.peer }

    /// Gives a key the name, or the next free one.
    /// - Returns: Nil if the name is taken and no other will do; the key keeps the name it had.
    mutating func claim(_ wanted: Nickname, by peer: PeerID, isStrict: Bool) -> Nickname? {
        if let holder = holders[wanted.folded], holder.peer != peer {
            // A name that the key already has is as good as the next free one.
            if !isStrict, let own = names[peer] {
                holders[own.folded]?.until = nil
                return own
            }
            guard !isStrict else { return nil }
            let free = nextFree(after: wanted)
            take(free, by: peer)
            if let first = names[holder.peer] { contested.note(first, of: holder.peer) }
            contested.note(free, of: peer)
            return free
        }
        take(wanted, by: peer)
        return wanted
    }

    private mutating func take(_ name: Nickname, by peer: PeerID) {
        if let former = names[peer], former.folded != name.folded { holders[former.folded] = nil }
        names[peer] = name
        holders[name.folded] = Holder(peer: peer, until: nil)
    }

    private mutating func nextFree(after wanted: Nickname) -> Nickname {
        let first = wanted.nextNumber
        for number in first..<first + 8 {
            let candidate = wanted.numbered(number)
            if holders[candidate.folded] == nil { return candidate }
        }
        if nextNumber.count > Self.heldCount { nextNumber.removeAll() }
        var number = nextNumber[wanted.folded] ?? first + 8
        while true {
            let candidate = wanted.numbered(number)
            number += 1
            if holders[candidate.folded] == nil {
                nextNumber[wanted.folded] = number
                return candidate
            }
            // Numbers may grow too long for a name; starting again at 2 finds names that have become free.
            if number > 999_999 { number = 2 }
        }
    }

    /// Releases the name of a key that has left permanently.
    mutating func release(_ peer: PeerID) {
        guard let name = names.removeValue(forKey: peer) else { return }
        holders[name.folded] = nil
        contested.forget(peer)
    }

    /// Reserves the contested names after a restart of the relay, so that their keys have time to return.
    mutating func resume(at now: Instant) {
        for (peer, name) in contested.names where names[peer] == nil && holders[name.folded] == nil {
            take(name, by: peer)
            hold(peer, at: now)
        }
    }

    /// Returns the contested names to store if they have changed since the last call, and nil otherwise.
    mutating func takeContested() -> [UInt8]? { contested.takeChange() }

    /// Keeps the name of a key whose link broke for ``holdTime``.
    mutating func hold(_ peer: PeerID, at now: Instant) {
        guard let name = names[peer] else { return }
        holders[name.folded]?.until = now + Self.holdTime
        held.append((peer, now + Self.holdTime))
        if held.count > Self.heldCount { releaseFirst() }
    }

    private mutating func releaseFirst() {
        let first = held.removeFirst()
        guard let name = names[first.peer], let until = holders[name.folded]?.until, until <= first.until else {
            return
        }
        release(first.peer)
    }

    /// Releases the names that are no longer kept.
    mutating func deadlineReached(at now: Instant) {
        var due = 0
        while due < held.count, held[due].until <= now { due += 1 }
        for entry in held[..<due] {
            guard let name = names[entry.peer], let until = holders[name.folded]?.until, until <= now else { continue }
            release(entry.peer)
        }
        held.removeFirst(due)
    }

    var nextDeadline: Deadline? { held.first.map { Deadline(at: $0.until, reason: "a name is kept no longer") } }
}
