import Core

/// A moment in a header field (RFC 9110, section 5.6.7).
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Reads one of the three forms: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
    /// `Sun Nov  6 08:49:37 1994`. A year of two digits is the latest that is not more than 50 years ahead.
    static func read(_ text: String, now: Timestamp) -> Timestamp? {
        let words = text.split { $0 == " " || $0 == "-" }.map(String.init)
        switch words.count {
        case 6 where words[5] == "GMT":
            guard let year = Int(words[3]) else { return nil }
            return moment(full(year, digits: words[3].count, now), words[2], words[1], words[4])
        case 5: return Int(words[4]).flatMap { moment($0, words[1], words[2], words[3]) }
        default: return nil
        }
    }

    private static func full(_ year: Int, digits: Int, _ now: Timestamp) -> Int {
        guard digits == 2, let current = Int(now.description.prefix(4)) else { return year }
        let candidate = current / 100 * 100 + year
        return candidate > current + 50 ? candidate - 100 : candidate
    }

    private static func moment(_ year: Int, _ month: String, _ day: String, _ time: String) -> Timestamp? {
        guard let index = months.firstIndex(of: month), let day = Int(day) else { return nil }
        return Timestamp("\(padded(year, 4))-\(padded(index + 1, 2))-\(padded(day, 2))T\(time)Z")
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// How long a server asks to wait (RFC 9110, section 10.2.3).
enum RetryAfter {
    /// No server is waited for longer than that, in seconds.
    private static let limit: Int64 = 31_536_000

    /// Reads seconds or a moment; nil when the text is neither.
    static func read(_ text: String, now: Timestamp) -> Duration? {
        if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), !text.isEmpty {
            return .seconds(min(Int64(text) ?? limit, limit))
        }
        guard let moment = HTTPDate.read(text, now: now) else { return nil }
        return .microseconds(min(max(0, moment.microseconds - now.microseconds), limit * 1_000_000))
    }
}
