public import Core

/// Reads the times of payloads and of filters in each form that Qdrant takes.
///
/// RFC 3339, with `T` or a space between date and time; without an offset it means UTC, and without seconds or without
/// a time it has none. An offset may stand after a space, leave out its minutes or the colon, or be `UTC`.
public enum PayloadTime {
    /// The moment, or nil when the text is none. Digits of a fraction past the sixth are cut off.
    public static func parse(_ text: String) -> Timestamp? {
        var text = text
        return text.withUTF8 { bytes in
            var reader = Reader(bytes: bytes)
            return reader.moment()
        }
    }

    private struct Reader {
        let bytes: UnsafeBufferPointer<UInt8>
        var position = 0

        init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

        var isAtEnd: Bool { position == bytes.count }

        mutating func moment() -> Timestamp? {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D].contains(bytes[position]) {
                position += 1
            }
            guard let year = digits(4...4), take("-"), let month = digits(1...2), take("-"), let day = digits(1...2)
            else { return nil }
            var seconds = 0
            var fraction = 0
            var offset = 0
            if !isAtEnd {
                guard take("T") || take("t") || take(" "), let hour = digits(1...2), take(":"),
                    let minute = digits(1...2), hour < 24, minute < 60
                else { return nil }
                seconds = hour * 3600 + minute * 60
                if !isAtEnd {
                    guard take(":"), let second = digits(1...2), second < 60, let part = self.fraction(),
                        let distance = self.offset()
                    else { return nil }
                    seconds += second
                    fraction = part
                    offset = distance
                }
            }
            guard isAtEnd, let date = Timestamp(Self.date(year, month, day)) else { return nil }
            return Timestamp(microseconds: date.microseconds + Int64(seconds - offset) * 1_000_000 + Int64(fraction))
        }

        /// Zero when there is no point, nil when there is one without digits.
        private mutating func fraction() -> Int? {
            guard take(".") else { return 0 }
            var value = 0
            var count = 0
            while let digit = digits(1...1) {
                if count < 6 { value = value * 10 + digit }
                count += 1
            }
            guard count > 0 else { return nil }
            for _ in min(count, 6)..<6 { value *= 10 }
            return value
        }

        /// Seconds east of UTC; zero when there is nothing more.
        private mutating func offset() -> Int? {
            if isAtEnd { return 0 }
            let hasSpace = take(" ")
            if take("Z") || take("z") { return 0 }
            if hasSpace, take("U"), take("T"), take("C") { return 0 }
            let sign = take("+") ? 1 : (take("-") ? -1 : 0)
            guard sign != 0, let hours = digits(2...2) else { return nil }
            if isAtEnd { return sign * hours * 3600 }
            _ = take(":")
            guard let minutes = digits(2...2), minutes < 60 else { return nil }
            return sign * (hours * 3600 + minutes * 60)
        }

        private static func date(_ year: Int, _ month: Int, _ day: Int) -> String {
            func padded(_ value: Int, _ width: Int) -> String {
                let text = String(value)
                return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
            }
            return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        }

        private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
            position += 1
            return true
        }

        private mutating func digits(_ count: ClosedRange<Int>) -> Int? {
            var value = 0
            var found = 0
            while found < count.upperBound, position < bytes.count,
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
            {
                value = value * 10 + Int(bytes[position] - UInt8(ascii: "0"))
                position += 1
                found += 1
            }
            return found >= count.lowerBound ? value : nil
        }
    }
}
