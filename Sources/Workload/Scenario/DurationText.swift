/// A length of time as scenarios write it: `250ms`, `30s`, `2m`, `1h`, or such parts one after the other.
public enum DurationText {
    private static let units: [(name: String, length: Duration)] = [
        ("us", .microseconds(1)), ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .seconds(60)),
        ("h", .seconds(3_600)),
    ]

    /// Reads a length of up to 1,000 hours; nil when it is none.
    public static func parse(_ text: String) -> Duration? {
        var rest = text[...]
        var sum = Duration.zero
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest[number.endIndex...]
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest[unit.endIndex...]
            guard let count = Double(number), count <= 3_600_000_000_000,
                let length = units.first(where: { $0.name == unit })?.length
            else { return nil }
            sum += length * count
        }
        return text.isEmpty || sum > .seconds(3_600_000) ? nil : sum
    }

    /// A length in the largest unit that it has a whole number of.
    public static func text(_ duration: Duration) -> String {
        let unit = units.last { unit in
            let count = duration / unit.length
            return count >= 1 && abs(count - count.rounded()) < 1e-6
        }
        return unit.map { "\(Int((duration / $0.length).rounded()))\($0.name)" } ?? "0s"
    }
}
