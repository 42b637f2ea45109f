package import CoreModel

/// Wall-clock time in the format of RFC 3339: UTC, with milliseconds.
package enum Timestamp {
    package static func text(_ time: WallTime) -> String {
        let calendar = time.calendar()
        let date = [padded(calendar.year, 4), padded(calendar.month, 2), padded(calendar.day, 2)]
        let clock = [calendar.hour, calendar.minute, calendar.second].map { padded($0, 2) }
        return "\(date.joined(separator: "-"))T\(clock.joined(separator: ":")).\(padded(calendar.millisecond, 3))Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
