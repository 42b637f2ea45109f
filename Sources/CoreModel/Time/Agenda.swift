/// What a core has to do at a time of its own.
package protocol AgendaDuty: CaseIterable, RawRepresentable<Int> {
    /// Shown in traces.
    var reason: StaticReason { get }
}

/// A core's own timers: each duty has one time at most, the earliest that was asked for.
package struct Agenda<Duty: AgendaDuty> {
    private var times: [Instant?] = Array(repeating: nil, count: Duty.allCases.count)

    package init() {}

    /// Asks for a duty at a time; an earlier time that was asked for stands.
    package mutating func ask(for duty: Duty, at time: Instant) {
        if let present = times[duty.rawValue], present <= time { return }
        times[duty.rawValue] = time
    }

    package func isAsked(for duty: Duty) -> Bool { times[duty.rawValue] != nil }

    package var next: Deadline? {
        var first: (place: Int, time: Instant)?
        for place in times.indices {
            guard let time = times[place], first.map({ time < $0.time }) ?? true else { continue }
            first = (place, time)
        }
        guard let first, let duty = Duty(rawValue: first.place) else { return nil }
        return Deadline(at: first.time, reason: duty.reason)
    }

    /// The duties whose time has come, which are thereby done with.
    package mutating func takeDue(at now: Instant) -> [Duty] {
        var due: [Duty] = []
        for place in times.indices {
            guard let time = times[place], time <= now, let duty = Duty(rawValue: place) else { continue }
            times[place] = nil
            due.append(duty)
        }
        return due
    }
}
