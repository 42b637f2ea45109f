import Chat

/// Wall-clock time as RFC 3339 writes it: UTC, milliseconds.
enum Timestamp {
    /// 9999-12-31T23:59:59.999Z, the last that RFC 3339 can write. Others' clocks may say anything.
    private static let latest: UInt64 = 253_402_300_799_999

    static func text(_ time: WallTime) -> String {
        let milliseconds = min(time.milliseconds, latest)
        let seconds = milliseconds / 1000
        let (year, month, day) = date(daysSince1970: Int(seconds / 86_400))
        let clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { padded(Int($0), 2) }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock.joined(separator: ":"))"
            + ".\(padded(Int(milliseconds % 1000), 3))Z"
    }

    /// Counted in eras of 400 years that begin on 1 March, so that the leap day comes last.
    static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
