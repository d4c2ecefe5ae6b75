import Core
import Synchronization

/// The text of `Date` (RFC 9110, section 6.6.1), made once a second.
final class DateHeader: Sendable {
    private let latest = Mutex<(second: Int64, text: String)>((second: .min, text: ""))

    /// The text of now.
    var text: String {
        let second = SystemTime().now().microseconds / 1_000_000
        return latest.withLock { latest in
            if latest.second != second { latest = (second, Self.format(second)) }
            return latest.text
        }
    }

    /// A moment in the preferred form of HTTP, for example `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// The date is found by the days since 0000-03-01, in years that begin in March (H. Hinnant, "chrono-Compatible
    /// Low-Level Date Algorithms").
    static func format(_ second: Int64) -> String {
        let days = second / 86_400
        let rest = second % 86_400
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = (monthFromMarch + 2) % 12
        let year = era * 400 + yearOfEra + (month < 2 ? 1 : 0)
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let time = [rest / 3_600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        return "\(weekdays[Int(days % 7)]), \(twoDigits(day)) \(names[Int(month)]) \(year) \(time) GMT"
    }

    private static func twoDigits(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
