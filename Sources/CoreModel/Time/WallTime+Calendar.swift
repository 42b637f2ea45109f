extension WallTime {
    /// A date and time of day as people write them (proleptic Gregorian calendar).
    public struct Calendar: Equatable, Sendable {
        public var year: Int
        /// 1...12
        public var month: Int
        /// 1...31
        public var day: Int
        public var hour: Int
        public var minute: Int
        public var second: Int
        public var millisecond: Int
    }

    /// 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can express. Other peers' clocks may show any time.
    private static let latest: UInt64 = 253_402_300_799_999

    /// Returns the date and time of day.
    /// - Parameter offset: Local time minus UTC, in seconds. Times after the year 9999 count as its end.
    public func calendar(offset: Int = 0) -> Calendar {
        let local = Int(min(milliseconds, Self.latest)) + min(max(offset, -86_400), 86_400) * 1000
        // Only a negative offset leads to times before 1970: they count as its beginning.
        let shown = min(max(local, 0), Int(Self.latest))
        let seconds = shown / 1000
        let (year, month, day) = Self.date(daysSince1970: seconds / 86_400)
        return Calendar(
            year: year, month: month, day: day, hour: seconds / 3600 % 24, minute: seconds / 60 % 60,
            second: seconds % 60, millisecond: shown % 1000)
    }

    /// The date, hour and minute with the zone, for a reader who may be in another: `2026-11-28 09:05 UTC`.
    public var utcText: String {
        let calendar = calendar()
        let numbers = [calendar.month, calendar.day, calendar.hour, calendar.minute].map {
            $0 < 10 ? "0\($0)" : "\($0)"
        }
        return "\(calendar.year)-\(numbers[0])-\(numbers[1]) \(numbers[2]):\(numbers[3]) UTC"
    }

    /// Counts in eras of 400 years that begin on 1 March, so that the leap day is the last day.
    private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
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
}
