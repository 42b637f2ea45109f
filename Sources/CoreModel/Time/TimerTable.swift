/// A kind of timer of a core.
package protocol TimerKind: CaseIterable, RawRepresentable<Int> {
    /// The purpose of the timer, shown in traces.
    var reason: StaticReason { get }
}

/// The timers of a core. Each timer has at most one time, the earliest that was requested.
package struct TimerTable<Timer: TimerKind> {
    private var times: [Instant?] = Array(repeating: nil, count: Timer.allCases.count)

    package init() {}

    /// Sets a timer, unless it is already set to an earlier time.
    package mutating func schedule(_ timer: Timer, at time: Instant) {
        if let present = times[timer.rawValue], present <= time { return }
        times[timer.rawValue] = time
    }

    /// Returns whether the timer is set.
    package func isScheduled(_ timer: Timer) -> Bool { times[timer.rawValue] != nil }

    /// The earliest deadline; nil if no timer is set.
    package var next: Deadline? {
        var first: (index: Int, time: Instant)?
        for index in times.indices {
            guard let time = times[index], first.map({ time < $0.time }) ?? true else { continue }
            first = (index, time)
        }
        guard let first, let timer = Timer(rawValue: first.index) else { return nil }
        return Deadline(at: first.time, reason: timer.reason)
    }

    /// Returns the timers that are due, and clears them.
    package mutating func takeDue(at now: Instant) -> [Timer] {
        var due: [Timer] = []
        for index in times.indices {
            guard let time = times[index], time <= now, let timer = Timer(rawValue: index) else { continue }
            times[index] = nil
            due.append(timer)
        }
        return due
    }
}
