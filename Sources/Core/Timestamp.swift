/// A moment in UTC, to the microsecond.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, negative before.
    public let microseconds: Int64

    /// A moment at a distance from the epoch.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The earliest moment that has a text form: year 0001.
    public static let earliest = Timestamp(microseconds: -62_135_596_800_000_000)
    /// The latest moment that has a text form: the end of year 9999.
    public static let latest = Timestamp(microseconds: 253_402_300_799_999_999)

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The moment a number of seconds later, held within ``earliest`` and ``latest``.
    public func advanced(bySeconds seconds: Int64) -> Timestamp {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return seconds < 0 ? .earliest : .latest }
        let (sum, sumOverflow) = microseconds.addingReportingOverflow(product)
        guard !sumOverflow else { return seconds < 0 ? .earliest : .latest }
        return Timestamp(microseconds: min(max(sum, Self.earliest.microseconds), Self.latest.microseconds))
    }
}

extension Timestamp {
    /// Reads RFC 3339 text: `2026-11-21T09:30:00Z`, with an optional fraction and any numeric offset, or a date alone,
    /// which means its first moment in UTC.
    ///
    /// Returns nil for any other text, for a day that no calendar has, and outside years 0001-9999.
    /// Digits of the fraction past the sixth are cut off; a leap second (`:60`) reads as the next second.
    public init?(_ text: some StringProtocol) {
        var reader = DigitReader(Array(text.utf8))
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), year >= 1, (1...12).contains(month),
            day >= 1, day <= Self.days(inMonth: month, year: year)
        else { return nil }
        let date = Self.days(year: year, month: month, day: day) * 86_400
        if reader.isAtEnd {
            self.init(microseconds: date * 1_000_000)
            return
        }
        guard reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.digits(2), reader.take(":"), let minute = reader.digits(2), reader.take(":"),
            let second = reader.digits(2), hour < 24, minute < 60, second <= 60
        else { return nil }
        guard let fraction = reader.take(".") ? reader.fraction(6) : 0, let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        let seconds = date + Int64(hour * 3600 + minute * 60 + second) - Int64(offset)
        let moment = Timestamp(microseconds: seconds * 1_000_000 + Int64(fraction))
        guard moment >= .earliest, moment <= .latest else { return nil }
        self = moment
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar
    /// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
    static func days(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era) * 146_097 + Int64(dayOfEra) - 719_468
    }

    static func days(inMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with six fractional digits, or none when the moment is a whole second.
    public var description: String {
        String(unsafeUninitializedCapacity: 27) { write(to: $0) }
    }

    /// Writes the text form into the start of a buffer of at least 27 bytes and returns its length.
    func write(to buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let clamped = min(max(self, .earliest), .latest).microseconds
        let seconds = clamped >= 0 ? clamped / 1_000_000 : (clamped - 999_999) / 1_000_000
        let fraction = Int(clamped - seconds * 1_000_000)
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let secondOfDay = Int(seconds - days * 86_400)
        let (year, month, day) = Self.civil(days: days)
        var position = 0
        func put(_ value: Int, _ width: Int) {
            var rest = value
            for index in stride(from: position + width - 1, through: position, by: -1) {
                buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            position += width
        }
        func mark(_ byte: Unicode.Scalar) {
            buffer[position] = UInt8(ascii: byte)
            position += 1
        }
        put(year, 4)
        mark("-")
        put(month, 2)
        mark("-")
        put(day, 2)
        mark("T")
        put(secondOfDay / 3600, 2)
        mark(":")
        put(secondOfDay / 60 % 60, 2)
        mark(":")
        put(secondOfDay % 60, 2)
        if fraction != 0 {
            mark(".")
            put(fraction, 6)
        }
        mark("Z")
        return position
    }

    /// The date of a day number (the same source, `civil_from_days`).
    private static func civil(days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days + 719_468)
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }
}

/// Reads the fixed-width numbers of a time.
private struct DigitReader {
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    mutating func digits(_ count: Int) -> Int? {
        guard position + count <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[position..<position + count] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        position += count
        return value
    }

    /// One digit or more after the point, as a number of `width` digits.
    mutating func fraction(_ width: Int) -> Int? {
        var value = 0
        var count = 0
        while let digit = digits(1) {
            if count < width { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in 0..<max(0, width - count) { value *= 10 }
        return value
    }

    /// The offset from UTC in seconds.
    mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign = take("+") ? 1 : (take("-") ? -1 : 0)
        guard sign != 0, let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
