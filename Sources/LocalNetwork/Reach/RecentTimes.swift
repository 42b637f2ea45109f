import CoreModel

/// The last times of an event for a bounded number of keys.
struct RecentTimes<Key: Hashable> {
    /// How long an entry counts.
    let memory: Duration
    /// The maximum number of entries.
    package let capacity: Int
    private var times: [Key: Instant] = [:]

    package init(memory: Duration, capacity: Int) {
        self.memory = memory
        self.capacity = capacity
    }

    /// Returns whether a key was noted within ``memory``.
    package func contains(_ key: Key, at now: Instant) -> Bool {
        guard let time = times[key] else { return false }
        return now < time + memory
    }

    /// Notes a key now.
    package mutating func note(_ key: Key, at now: Instant) {
        if times[key] == nil, times.count >= capacity {
            times = times.filter { now < $0.value + memory }
            // Full of recent entries: this is a flood, and starting over costs a few datagrams at most.
            if times.count >= capacity { times.removeAll() }
        }
        times[key] = now
    }

    /// Forgets a key.
    package mutating func remove(_ key: Key) { times[key] = nil }
}
