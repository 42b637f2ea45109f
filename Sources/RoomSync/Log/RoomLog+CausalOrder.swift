import CoreModel
import Secure
import Wire

/// Which entries of one room may be shown: each after its parents. What is missing is asked for; what waits too long
/// is shown with a gap.
struct CausalOrder {
    /// How long an entry waits for its parents.
    package static let timeout = Duration.seconds(2)
    /// How long until a missing parent is asked for again, of somebody else.
    static let askInterval = Duration.milliseconds(500)
    /// Entries that wait at once: 4,096 × 17 KiB = 68 MiB at worst. One more is shown with a gap at once.
    static let waitingCount = 4_096

    private struct Waiting {
        var entry: SignedEntry
        /// Parents that have not been shown.
        var awaited: [EntryID]
        /// Something that it answers to was given up.
        var hasGap = false
    }

    /// Not walked, only asked.
    private var waiting: [EntryID: Waiting] = [:]
    /// Who waits for an entry that has not been shown, in the order of arrival. Not walked.
    private var dependants: [EntryID: [EntryID]] = [:]
    /// Awaited entries that are not in the log, ascending.
    private var missing: [EntryID] = []
    /// What is to be asked for, ascending.
    private var toAsk: [EntryID] = []
    private var askAgainAt: Instant?
    /// When the patience of each waiting entry ends, in that order; entries that wait no more are passed over.
    private var timeouts = Queue<(at: Instant, id: EntryID)>()
    /// May be shown, ascending by key from the front of the queue.
    private var ready = Queue<Shown>()

    /// An entry is in the log now. `lamport` says the Lamport time of those that are there.
    package mutating func arrived(
        _ entry: SignedEntry, at now: Instant, below floor: UInt64, lamport: (EntryID) -> UInt64?
    ) {
        if !missing.isEmpty {
            missing.remove(sorted: entry.id)
            toAsk.remove(sorted: entry.id)
        }
        var awaited: [EntryID] = []
        // All parents are below an entry in the order; what is at the floor has none that is to be had.
        if entry.entry.lamport > floor || floor == 0 {
            for parent in entry.entry.parents {
                if let known = lamport(parent) {
                    if known < entry.entry.lamport, waiting[parent] != nil { awaited.append(parent) }
                } else {
                    awaited.append(parent)
                }
            }
        }
        if awaited.isEmpty {
            makeReady(entry, hasGap: false)
        } else if waiting.count >= Self.waitingCount {
            makeReady(entry, hasGap: true)
        } else {
            wait(entry, for: awaited, at: now) { lamport($0) == nil }
        }
    }

    private mutating func wait(
        _ entry: SignedEntry, for awaited: [EntryID], at now: Instant, isMissing: (EntryID) -> Bool
    ) {
        waiting[entry.id] = Waiting(entry: entry, awaited: awaited)
        for parent in awaited {
            dependants[parent, default: []].append(entry.id)
            if isMissing(parent), missing.insert(sorted: parent) {
                toAsk.insert(sorted: parent)
                askAgainAt = askAgainAt ?? now + Self.askInterval
            }
        }
        timeouts.append((now + Self.timeout, entry.id))
    }

    /// Whether this entry is in the log and not yet shown.
    func isWaiting(_ id: EntryID) -> Bool { waiting[id] != nil }

    /// Whether an entry waits for this one.
    package func isAwaited(_ id: EntryID) -> Bool { dependants[id] != nil }

    /// Entries have come into the log by another way and count as shown.
    package mutating func known(_ isKnown: (EntryID) -> Bool) {
        for id in missing where isKnown(id) {
            missing.remove(sorted: id)
            release(dependantsOf: id)
        }
        tidy()
    }

    /// This one is let go of and not to be had: whoever waits for it waits no longer.
    mutating func givenUp(_ id: EntryID) {
        guard dependants[id] != nil, waiting[id] == nil else { return }
        missing.remove(sorted: id)
        toAsk.remove(sorted: id)
        release(dependantsOf: id)
        tidy()
    }

    /// This one is let go of while it waits: it is shown now, before anything that comes behind it.
    mutating func prune(_ id: EntryID) {
        guard let entry = waiting.removeValue(forKey: id) else { return }
        for parent in entry.awaited {
            dependants[parent]?.removeAll { $0 == id }
            guard dependants[parent]?.isEmpty == true else { continue }
            dependants[parent] = nil
            missing.remove(sorted: parent)
            toAsk.remove(sorted: parent)
        }
        makeReady(entry.entry, hasGap: true)
    }

    // Showing.

    package mutating func nextShown() -> Shown? { ready.popFirst() }

    private mutating func makeReady(_ entry: SignedEntry, hasGap: Bool) {
        ready.insert(Shown(entry: entry, hasGap: hasGap)) { $0.entry.key < $1.entry.key }
        if dependants[entry.id] != nil { release(dependantsOf: entry.id) }
        tidy()
    }

    /// This one counts as shown: whoever waited for nothing else follows, and so on.
    private mutating func release(dependantsOf id: EntryID) {
        var shown = [id]
        while let parent = shown.popLast() {
            for child in dependants.removeValue(forKey: parent) ?? [] {
                waiting[child]?.awaited.removeAll { $0 == parent }
                guard waiting[child]?.awaited.isEmpty == true, let done = waiting.removeValue(forKey: child) else {
                    continue
                }
                ready.insert(Shown(entry: done.entry, hasGap: done.hasGap)) { $0.entry.key < $1.entry.key }
                shown.append(child)
            }
        }
    }

    // Asking and time.

    package mutating func nextWanted() -> [EntryID] {
        guard !toAsk.isEmpty else { return [] }
        let wanted = Array(toAsk.prefix(Limits.frameIDCount))
        toAsk.removeFirst(wanted.count)
        return wanted
    }

    package var nextDeadline: Deadline? {
        .earlier(
            timeouts.first.map { Deadline(at: $0.at, reason: "an entry waited long enough for its parents") },
            askAgainAt.map { Deadline(at: $0, reason: "missing entries are asked for again") })
    }

    package mutating func deadlineReached(at now: Instant) {
        while let next = timeouts.first, next.at <= now {
            _ = timeouts.popFirst()
            giveUpWaiting(for: next.id)
        }
        tidy()
        if let at = askAgainAt, at <= now {
            toAsk = missing
            askAgainAt = now + Self.askInterval
        }
    }

    /// Shows this entry without what it misses. Entries that it waits for and that are here come before it, and are
    /// shown without what they miss.
    private mutating func giveUpWaiting(for id: EntryID) {
        var chain = [id]
        var seen: Set<EntryID> = [id]
        var incomplete: [EntryKey] = []
        while let next = chain.popLast() {
            guard let entry = waiting[next] else { continue }
            var missesSomething = false
            for parent in entry.awaited {
                if waiting[parent] == nil {
                    missesSomething = true
                } else if seen.insert(parent).inserted {
                    chain.append(parent)
                }
            }
            if missesSomething { incomplete.append(entry.entry.key) }
        }
        for key in incomplete.sorted() { showWithoutMissing(key.id) }
    }

    private mutating func showWithoutMissing(_ id: EntryID) {
        guard var entry = waiting.removeValue(forKey: id) else { return }
        for parent in entry.awaited where waiting[parent] == nil {
            dependants[parent]?.removeAll { $0 == id }
            guard dependants[parent]?.isEmpty == true else { continue }
            dependants[parent] = nil
            missing.remove(sorted: parent)
            toAsk.remove(sorted: parent)
        }
        entry.awaited.removeAll { waiting[$0] == nil }
        entry.hasGap = true
        if entry.awaited.isEmpty {
            makeReady(entry.entry, hasGap: true)
        } else {
            waiting[id] = entry
        }
    }

    /// Forgets what nothing waits for any more.
    private mutating func tidy() {
        while let next = timeouts.first, waiting[next.id] == nil { _ = timeouts.popFirst() }
        if missing.isEmpty {
            toAsk.removeAll(keepingCapacity: true)
            askAgainAt = nil
        }
    }
}

/// First in, first out, in one array whose front is given back when it is empty or mostly used up.
private struct Queue<Element> {
    private var elements: [Element] = []
    private var front = 0

    var first: Element? { front < elements.count ? elements[front] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    /// Puts it behind all that do not come after it; at the end in constant time.
    mutating func insert(_ element: Element, by comesBefore: (Element, Element) -> Bool) {
        var low = front
        var high = elements.count
        if high == low || !comesBefore(element, elements[high - 1]) { low = high }
        while low < high {
            let middle = low + (high - low) / 2
            if comesBefore(element, elements[middle]) { high = middle } else { low = middle + 1 }
        }
        elements.insert(element, at: low)
    }

    mutating func popFirst() -> Element? {
        guard front < elements.count else { return nil }
        let element = elements[front]
        front += 1
        if front == elements.count {
            elements.removeAll(keepingCapacity: true)
            front = 0
        } else if front >= 64, front * 2 >= elements.count {
            elements.removeFirst(front)
            front = 0
        }
        return element
    }
}
