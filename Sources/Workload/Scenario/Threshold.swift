public import Core

/// What a run must reach, such as `p95 < 500ms`, `failed < 1%` or `rate >= 1000`; after `NAME:` it is meant of one
/// request.
public struct Threshold: Sendable, Equatable {
    /// What is compared.
    public enum Figure: Sendable, Equatable {
        /// The latency that so many percent of the answers have at most.
        case percentile(Double)
        /// The longest latency.
        case longest
        /// The mean latency.
        case mean
        /// The part of the requests that failed, from 0 to 1.
        case failed
        /// Answers a second.
        case rate
    }

    /// How it is compared.
    public enum Comparison: String, Sendable, CaseIterable {
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case greater = ">"

        func holds(_ value: Double, _ bound: Double) -> Bool {
            switch self {
            case .atMost: value <= bound
            case .atLeast: value >= bound
            case .less: value < bound
            case .greater: value > bound
            }
        }
    }

    /// As it was written.
    public let text: String
    /// The request that it is meant of; nil is all of them.
    public let request: String?
    /// What is compared.
    public let figure: Figure
    /// How.
    public let comparison: Comparison
    /// With what: seconds, a part of 1, or answers a second.
    public let bound: Double

    /// Reads a threshold.
    ///
    /// - throws: ``Failure`` `invalid_scenario`.
    public init(_ text: String) throws(Failure) {
        self.text = text
        var rule = text[...]
        if let colon = text.firstIndex(of: ":") {
            request = Self.trimmed(text[..<colon])
            rule = text[text.index(after: colon)...]
        } else {
            request = nil
        }
        guard let comparison = Comparison.allCases.first(where: { rule.contains($0.rawValue) }),
            let sign = rule.firstRange(of: comparison.rawValue)
        else { throw Self.invalid(text) }
        self.comparison = comparison
        let bound = Self.trimmed(rule[sign.upperBound...])
        switch Self.trimmed(rule[..<sign.lowerBound]) {
        case "failed":
            figure = .failed
            self.bound = try Self.share(bound, text)
        case "rate":
            guard let rate = Double(bound), rate.isFinite else { throw Self.invalid(text) }
            figure = .rate
            self.bound = rate
        case let name:
            guard let figure = Self.latency(name), let duration = DurationText.parse(bound) else {
                throw Self.invalid(text)
            }
            self.figure = figure
            self.bound = duration / .seconds(1)
        }
    }

    private static func latency(_ name: String) -> Figure? {
        switch name {
        case "max": return .longest
        case "mean", "avg": return .mean
        case "median": return .percentile(50)
        default:
            guard name.first == "p", let percent = Double(name.dropFirst()), percent > 0, percent <= 100 else {
                return nil
            }
            return .percentile(percent)
        }
    }

    private static func share(_ bound: String, _ text: String) throws(Failure) -> Double {
        let isPercent = bound.last == "%"
        guard let value = Double(isPercent ? Self.trimmed(bound.dropLast()[...]) : bound) else { throw invalid(text) }
        let share = isPercent ? value / 100 : value
        guard (0...1).contains(share) else { throw invalid(text) }
        return share
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    private static func invalid(_ text: String) -> Failure {
        .invalidScenario(
            "\"\(text.prefix(100))\" is no threshold. It is such as p95 < 500ms, p99.9 < 2s, max < 5s, failed < 1% or "
                + "rate >= 1000, and after a request's name and a colon it is meant of that request.")
    }
}
