import CoreModel
import Secure
import Wire

/// The causal order of one room: an entry is shown after its parents. Missing parents are requested; an entry that
/// waits too long is shown with a gap.
struct CausalOrder {
    /// The time that an entry waits for its parents.
    package static let timeout = Duration.seconds(2)
    /// The time until a missing parent is requested again, from another peer.
    static let requestInterval = Duration.milliseconds(500)
    /// The maximum number of waiting entries: 4,096 × 17 KiB = 68 MiB at worst. One more is shown immediately, with a
    /// gap.
    static let waitingCount = 4_096

    private struct Waiting {
        var entry: SignedEntry
        /// The parents that have not been shown.
        var awaited: [EntryID]
        /// Whether a parent was given up.
        var hasGap = false
    }

    /// Only looked up, never iterated.
    private var waiting: [EntryID: Waiting] = [:]
    /// For each entry that has not been shown, the entries that wait for it, in the order of arrival. Never iterated.
    private var dependants: [EntryID: [EntryID]] = [:]
    /// The awaited entries that are not in the log, ascending.
    private var missing: [EntryID] = []
    /// The entries to request, ascending.
    private var toRequest: [EntryID] = []
    private var requestAgainAt: Instant?
    /// The timeout of each waiting entry, in the order of time. Entries that no longer wait are skipped.
    private var timeouts = Queue<(at: Instant, id: EntryID)>()
    /// The entries that may be shown, ascending by key from the front of the queue.
    private var ready = Queue<Shown>()

    /// Handles an entry that was added to the log. `lamport` returns the Lamport time of an entry that the log has.
    package mutating func arrived(
        _ entry: SignedEntry, at now: Instant, below floor: UInt64, lamport: (EntryID) -> UInt64?
    ) {
        if !missing.isEmpty {
            missing.remove(sorted: entry.id)
            toRequest.remove(sorted: entry.id)
        }
        var awaited: [EntryID] = []
        // Parents have a lower Lamport time than their child, so the parents of an entry at the floor are unavailable.
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
                toRequest.insert(sorted: parent)
                requestAgainAt = requestAgainAt ?? now + Self.requestInterval
            }
        }
        timeouts.append((now + Self.timeout, entry.id))
    }

    /// Returns whether the entry is in the log and not yet shown.
    func isWaiting(_ id: EntryID) -> Bool { waiting[id] != nil }

    /// Returns whether another entry waits for this one.
    package func isAwaited(_ id: EntryID) -> Bool { dependants[id] != nil }

    /// Handles entries that entered the log by another way; they count as shown.
    package mutating func known(_ isKnown: (EntryID) -> Bool) {
        for id in missing where isKnown(id) {
            missing.remove(sorted: id)
            release(dependantsOf: id)
        }
        tidy()
    }

    /// Handles an entry that was pruned before it arrived and is unavailable: entries stop waiting for it.
    mutating func unavailable(_ id: EntryID) {
        guard dependants[id] != nil, waiting[id] == nil else { return }
        missing.remove(sorted: id)
        toRequest.remove(sorted: id)
        release(dependantsOf: id)
        tidy()
    }

    /// Shows an entry that is pruned while it waits, before anything that follows it.
    mutating func prune(_ id: EntryID) {
        guard let entry = waiting.removeValue(forKey: id) else { return }
        for parent in entry.awaited {
            dependants[parent]?.removeAll { $0 == id }
            guard dependants[parent]?.isEmpty == true else { continue }
            dependants[parent] = nil
            missing.remove(sorted: parent)
            toRequest.remove(sorted: parent)
        }
        makeReady(entry.entry, hasGap: true)
    }

    // Showing.

    /// Removes the next entry to show; nil if there is none.
    package mutating func nextShown() -> Shown? { ready.popFirst() }

    private mutating func makeReady(_ entry: SignedEntry, hasGap: Bool) {
        ready.insert(Shown(entry: entry, hasGap: hasGap)) { $0.entry.key < $1.entry.key }
        if dependants[entry.id] != nil { release(dependantsOf: entry.id) }
        tidy()
    }

    /// Releases the entries that waited only for this one, which counts as shown, then those that waited for them, and
    /// so on.
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

    // Requests and timeouts.

    /// Returns the missing entries to request now, at most ``Limits/frameIDCount``.
    package mutating func nextWanted() -> [EntryID] {
        guard !toRequest.isEmpty else { return [] }
        let wanted = Array(toRequest.prefix(Limits.frameIDCount))
        toRequest.removeFirst(wanted.count)
        return wanted
    }

    package var nextDeadline: Deadline? {
        .earlier(
            timeouts.first.map { Deadline(at: $0.at, reason: "an entry waited long enough for its parents") },
            requestAgainAt.map { Deadline(at: $0, reason: "missing entries are asked for again") })
    }

    /// Shows entries that have waited too long, and schedules requests for missing ones again.
    package mutating func deadlineReached(at now: Instant) {
        while let next = timeouts.first, next.at <= now {
            _ = timeouts.popFirst()
            giveUpWaiting(for: next.id)
        }
        tidy()
        if let at = requestAgainAt, at <= now {
            toRequest = missing
            requestAgainAt = now + Self.requestInterval
        }
    }

    /// Shows this entry without its missing parents. Parents that are themselves waiting are shown before it,
    /// without their own missing parents.
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
            toRequest.remove(sorted: parent)
        }
        entry.awaited.removeAll { waiting[$0] == nil }
        entry.hasGap = true
        if entry.awaited.isEmpty {
            makeReady(entry.entry, hasGap: true)
        } else {
            waiting[id] = entry
        }
    }

    /// Drops timeouts and requests that no entry waits for any more.
    private mutating func tidy() {
        while let next = timeouts.first, waiting[next.id] == nil { _ = timeouts.popFirst() }
        if missing.isEmpty {
            toRequest.removeAll(keepingCapacity: true)
            requestAgainAt = nil
        }
    }
}

/// A first-in, first-out queue in one array, whose front is freed when it is empty or mostly used up.
private struct Queue<Element> {
    private var elements: [Element] = []
    private var front = 0

    var first: Element? { front < elements.count ? elements[front] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    /// Inserts an element after all that do not follow it; at the end in constant time.
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
