import CoreModel

/// When something was last done about each of a bounded number of keys.
struct RecentTimes<Key: Hashable> {
    /// How long an entry says anything.
    let memory: Duration
    package let capacity: Int
    private var times: [Key: Instant] = [:]

    package init(memory: Duration, capacity: Int) {
        self.memory = memory
        self.capacity = capacity
    }

    /// Whether it was noted within the memory.
    package func contains(_ key: Key, at now: Instant) -> Bool {
        guard let time = times[key] else { return false }
        return now < time + memory
    }

    package mutating func note(_ key: Key, at now: Instant) {
        if times[key] == nil, times.count >= capacity {
            times = times.filter { now < $0.value + memory }
            // Full of what is recent: somebody floods us, and starting over costs a few datagrams at most.
            if times.count >= capacity { times.removeAll() }
        }
        times[key] = now
    }

    package mutating func remove(_ key: Key) { times[key] = nil }
}
