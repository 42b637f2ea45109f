/// What a core has to do at a time of its own.
package protocol TimerKind: CaseIterable, RawRepresentable<Int> {
    /// Shown in traces.
    var reason: StaticReason { get }
}

/// A core's own timers: each timer has one time at most, the earliest that was asked for.
package struct TimerTable<Timer: TimerKind> {
    private var times: [Instant?] = Array(repeating: nil, count: Timer.allCases.count)

    package init() {}

    /// Asks for a timer at a time; an earlier time that was asked for stands.
    package mutating func schedule(_ timer: Timer, at time: Instant) {
        if let present = times[timer.rawValue], present <= time { return }
        times[timer.rawValue] = time
    }

    package func isScheduled(_ timer: Timer) -> Bool { times[timer.rawValue] != nil }

    package var next: Deadline? {
        var first: (place: Int, time: Instant)?
        for place in times.indices {
            guard let time = times[place], first.map({ time < $0.time }) ?? true else { continue }
            first = (place, time)
        }
        guard let first, let timer = Timer(rawValue: first.place) else { return nil }
        return Deadline(at: first.time, reason: timer.reason)
    }

    /// The duties whose time has come, which are thereby done with.
    package mutating func takeDue(at now: Instant) -> [Timer] {
        var due: [Timer] = []
        for place in times.indices {
            guard let time = times[place], time <= now, let timer = Timer(rawValue: place) else { continue }
            times[place] = nil
            due.append(timer)
        }
        return due
    }
}
