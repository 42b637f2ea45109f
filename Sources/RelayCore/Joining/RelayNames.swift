import CoreModel
import Wire

/// The names at a relay: first come, first served, and kept for a while for a key whose link broke.
struct RelayNames {
    /// How long a name is kept for its key after a broken link.
    static let holdTime = Duration.seconds(60)
    /// Names kept for keys that are not here; the oldest give way.
    static let heldCount = 10_000

    private struct Holder {
        var peer: PeerID
        /// Nil: it is here.
        var until: Instant?
    }

    /// By folded name. Never walked.
    private var holders: [String: Holder] = [:]
    private var names: [PeerID: Nickname] = [:]
    /// Names that are kept, in the order in which they run out; those that were taken up again are passed over.
    private var held: [(peer: PeerID, until: Instant)] = []
    /// Where to go on looking for `name-N`, by folded name: thousands that want one name are not counted through.
    private var nextNumber: [String: Int] = [:]
    /// Names that more than one wanted, with who got them: after a restart of the relay nobody else may be quicker.
    private var contested: ContestedNames

    /// - Parameter contested: from an earlier start; see ``resume(at:)``.
    init(_ contested: ContestedNames = ContestedNames()) { self.contested = contested }

    /// The name of a key that is here or is awaited back.
    func name(of peer: PeerID) -> Nickname? { names[peer] }

    /// Who has the name, here or awaited back.
    func holder(of name: Nickname) -> PeerID? { holders[name.folded]?.peer }

    /// Gives a key the name, or the next free one.
    /// - Returns: nil if the name is taken and no other will do; the key keeps what it had.
    mutating func claim(_ wanted: Nickname, by peer: PeerID, isStrict: Bool) -> Nickname? {
        if let holder = holders[wanted.folded], holder.peer != peer {
            // What a key has from before is as good as the next free one.
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
            // Numbers may run so high that they are longer than a name; a fresh start finds what has become free.
            if number > 999_999 { number = 2 }
        }
    }

    /// The key has left for good: its name is free.
    mutating func release(_ peer: PeerID) {
        guard let name = names.removeValue(forKey: peer) else { return }
        holders[name.folded] = nil
        contested.forget(peer)
    }

    /// The relay has been started again: who had one of these has time to come back.
    mutating func resume(at now: Instant) {
        for (peer, name) in contested.names where names[peer] == nil && holders[name.folded] == nil {
            take(name, by: peer)
            hold(peer, at: now)
        }
    }

    /// What is to be kept, if it has changed since it was last asked for.
    mutating func takeContested() -> [UInt8]? { contested.takeChange() }

    /// The key's link broke: its name is kept for a while.
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
