import CoreModel
import RoomSync
import Secure
import Wire

/// Two logs of one room: written, filled with entries signed by liars, trimmed, forgotten, read again, compared.
struct LogFuzzTarget {
    /// One of the two logs, with the state that it is checked against.
    private struct Side {
        let archive = MemoryArchive()
        var log: RoomLog
        var shown: Set<EntryID> = []
        /// The entries named as parents by a message that was shown without a gap.
        var answered: Set<EntryID> = []

        init() {
            // An archive in memory does not fail.
            log = try! RoomLog(log: LogFuzzTarget.logID, room: LogFuzzTarget.room, archive: archive)
        }
    }

    private static let authors = (1...3).map { Identity(seed: [UInt8](repeating: $0, count: 32)) }
    private static let room = RoomID([UInt8](repeating: 9, count: 32)) ?? .least
    private static let logID = LogID.lobby(GatheringID([UInt8](repeating: 8, count: 32)) ?? .least)
    private static let operationCount = 150

    private var choices: Choices
    private var sides = [Side(), Side()]
    private var pool: [SignedEntry] = []
    /// The entries in the pool that are of unknown kinds.
    private var unknown: Set<EntryID> = []
    private var now = Instant(nanoseconds: 0)

    init(_ bytes: [UInt8]) { choices = Choices(bytes) }

    mutating func run() {
        for _ in 0..<Self.operationCount where !choices.isOver {
            operate()
            for number in 0..<2 { check(number) }
        }
        reconcile()
        for number in 0..<2 {
            for _ in 0..<8 { passTime(.seconds(1), number) }
            check(number)
        }
    }

    private mutating func operate() {
        let number = choices.index(below: 2)
        switch choices.byte() % 12 {
        case 0, 1, 2: write(at: number)
        case 3, 4: lie()
        case 5, 6, 7:
            guard !pool.isEmpty else { return }
            insert(pool[choices.index(below: pool.count)], at: number)
        case 8: passTime(.milliseconds(Int64(choices.byte()) * 20), number)
        // An archive in memory does not fail.
        case 9: try! sides[number].log.trim(keeping: choices.index(below: 40), newerThan: WallTime(milliseconds: 0))
        case 10: if choices.byte() % 4 == 0 { change(number) }
        default: reconcile()
        }
    }

    /// Writes an entry as the host of the log does.
    private mutating func write(at number: Int) {
        let log = sides[number].log
        let entry = Entry(
            room: Self.room, author: Self.authors[number].peerID, lamport: log.nextLamport, wallTime: 1_800_000_000_000,
            parents: log.heads, kind: .text, body: "x\(pool.count)")
        let signed = sign(entry, by: Self.authors[number])
        insert(signed, at: number)
    }

    /// Signs an entry; every third is of an unknown kind.
    private mutating func sign(_ entry: Entry, by author: Identity) -> SignedEntry {
        var entry = entry
        if pool.count % 3 == 2 {
            entry.kind = .unknown(UInt16(pool.count))
            entry.item = CBORValue.array([.text(entry.body)]).encoded()
            entry.body = ""
        }
        let signed = SignedEntry(signing: entry, by: author)
        if !entry.kind.isKnown { unknown.insert(signed.id) }
        pool.append(signed)
        return signed
    }

    /// Adds an arbitrary entry that can be signed.
    private mutating func lie() {
        var parents: Set<EntryID> = []
        for _ in 0..<choices.index(below: 4) {
            let strange = EntryID([UInt8](repeating: choices.byte(), count: 32)) ?? .least
            parents.insert(pool.isEmpty ? strange : pool[choices.index(below: pool.count)].id)
            if choices.byte() % 8 == 0 { parents.insert(strange) }
        }
        let entry = Entry(
            room: choices.byte() % 16 == 0 ? .least : Self.room, author: Self.authors[2].peerID,
            lamport: choices.flag() ? choices.number() % Limits.lamport + 1 : UInt64(choices.byte()) + 1,
            wallTime: choices.number() % Limits.wallTime, parents: parents.sorted(), kind: .text, body: "y\(pool.count)"
        )
        _ = sign(entry, by: Self.authors[2])
    }

    private mutating func insert(_ entry: SignedEntry, at number: Int) {
        let wasThere = sides[number].log.contains(entry.key)
        // An archive in memory does not fail.
        let result = try! sides[number].log.insert(entry, at: now, durability: .normal)
        FuzzTarget.require((result == .duplicate) == wasThere, "a duplicate is an entry that was present")
        FuzzTarget.require(
            sides[number].log.contains(entry.key) == (wasThere || result == .added), "an added entry is present")
    }

    /// Forgets a log, reads it again from the archive, or merges it with another log.
    private mutating func change(_ number: Int) {
        switch choices.byte() % 3 {
        // An archive in memory does not fail.
        case 0: try! sides[number].log.forget()
        // An archive in memory does not fail.
        case 1: sides[number].log = try! RoomLog(log: Self.logID, room: Self.room, archive: sides[number].archive)
        default:
            let other = LogID.lobby(.least)
            // An archive in memory does not fail.
            var log = try! RoomLog(log: other, room: Self.room, archive: sides[number].archive)
            // An archive in memory does not fail.
            try! log.absorb(sides[number].log)
            // An archive in memory does not fail.
            sides[number].log = try! RoomLog(log: Self.logID, room: Self.room, archive: sides[number].archive)
            // An archive in memory does not fail.
            try! sides[number].log.absorb(log)
        }
        (sides[number].shown, sides[number].answered) = ([], [])
    }

    private mutating func passTime(_ duration: Duration, _ number: Int) {
        let end = now + duration
        var rounds = 0
        while let deadline = sides[number].log.nextDeadline, deadline.at <= end {
            now = max(now, deadline.at)
            sides[number].log.deadlineReached(at: now)
            // As every owner of a log does, takes the entries to request.
            while !sides[number].log.nextWanted().isEmpty {}
            rounds += 1
            precondition(rounds < 2_000, "a log never comes to rest")
        }
        now = max(now, end)
    }

    private mutating func check(_ number: Int) {
        while let shown = sides[number].log.nextShown(at: now) {
            let id = shown.entry.id
            FuzzTarget.require(sides[number].shown.insert(id).inserted, "an entry is shown twice")
            FuzzTarget.require(!sides[number].answered.contains(id), "an entry is shown after its answer")
            guard !shown.hasGap else { continue }
            for parent in shown.entry.entry.parents {
                guard let known = pool.first(where: { $0.id == parent }) else { continue }
                // A parent that is not below its child is a lie, and counts as none.
                if known.entry.lamport < shown.entry.entry.lamport { sides[number].answered.insert(parent) }
            }
        }
        let keys = sides[number].log.index.keys
        FuzzTarget.require(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 }, "keys are not ascending")
        FuzzTarget.require((try? sides[number].archive.keys(of: Self.logID)) == keys, "the archive differs")
        let known = sides[number].log.index(for: []).keys
        FuzzTarget.require(known == keys.filter { !unknown.contains($0.id) }, "wrong log for a peer without new kinds")
        FuzzTarget.require(sides[number].log.nextLamport <= Limits.lamport, "an invalid Lamport time")
        // Every other pass skips the entries to request.
        if choices.flag() { while !sides[number].log.nextWanted().isEmpty {} }
    }

    /// Checks that reconciliation finds exactly the difference of the two sets above the higher floor.
    private mutating func reconcile() {
        let (one, other) = (sides[0].log, sides[1].log)
        let floor = max(one.floor, other.floor)
        // As if one of the two recognised unknown kinds, or neither.
        let features: Features = pool.count.isMultiple(of: 2) ? .ofThisVersion : []
        let (index, otherIndex) = (one.index(for: features), other.index(for: features))
        func keys(_ index: LogIndex) -> Set<EntryKey> { Set(index.keys.filter { $0.lamport >= floor }) }
        let (ours, theirs) = (keys(index), keys(otherIndex))
        var (reconciliation, message) = Reconciliation.open(over: index, floor: one.floor)
        var (need, have): (Set<EntryID>, Set<EntryID>) = ([], [])
        while true {
            guard let answer = try? Reconciliation.answer(message, over: otherIndex, floor: other.floor),
                let outcome = try? reconciliation.messageReceived(answer, over: index, floor: one.floor)
            else { preconditionFailure("an honest message is refused") }
            need.formUnion(outcome.need)
            have.formUnion(outcome.have)
            guard let reply = outcome.reply else { break }
            message = reply
        }
        FuzzTarget.require(need == Set(theirs.subtracting(ours).map(\.id)), "wrong set of needed entries")
        FuzzTarget.require(have == Set(ours.subtracting(theirs).map(\.id)), "wrong set of entries that the other lacks")
        for entry in pool where need.contains(entry.id) { insert(entry, at: 0) }
        for entry in pool where have.contains(entry.id) { insert(entry, at: 1) }
    }
}
