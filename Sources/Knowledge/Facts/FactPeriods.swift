import Core

/// When facts hold, in the order in which they begin.
///
/// It is a list of short lists, each of which knows its latest end. So to add a fact, or to find those that hold at a
/// time, costs little among thousands.
struct FactPeriods: Sendable {
    /// When a fact holds.
    struct Period: Sendable {
        let id: String
        let start: Int64
        let end: Int64

        init(_ fact: GraphEdge) {
            id = fact.header.id
            start = FactTimeline.beginning(of: fact).microseconds
            // One that ended where it began is found there all the same.
            end = max(fact.invalidAt?.microseconds ?? .max, start + 1)
        }

        func isBefore(_ other: Period) -> Bool { start == other.start ? id < other.id : start < other.start }
    }

    private struct Part {
        var periods: [Period]
        var end: Int64
    }

    private static let partLimit = 128
    private var parts: [Part] = []

    mutating func insert(_ period: Period) {
        guard !parts.isEmpty else {
            parts = [Part(periods: [period], end: period.end)]
            return
        }
        let number = part(of: period)
        let place = parts[number].periods.firstIndex { period.isBefore($0) } ?? parts[number].periods.count
        parts[number].periods.insert(period, at: place)
        parts[number].end = max(parts[number].end, period.end)
        if parts[number].periods.count > Self.partLimit { split(number) }
    }

    mutating func remove(_ period: Period) {
        guard !parts.isEmpty else { return }
        let number = part(of: period)
        parts[number].periods.removeAll { $0.start == period.start && $0.id == period.id }
        guard let end = parts[number].periods.map(\.end).max() else {
            parts.remove(at: number)
            return
        }
        parts[number].end = end
    }

    /// Calls a closure with those that hold at the same time as a period, by their beginnings, until it returns false.
    func forEach(during period: Period, _ body: (Period) -> Bool) {
        for part in parts {
            guard let first = part.periods.first, first.start < period.end else { return }
            guard part.end > period.start else { continue }
            for other in part.periods where other.start < period.end && other.end > period.start {
                guard body(other) else { return }
            }
        }
    }

    /// The number of the part where a period stands, or would.
    private func part(of period: Period) -> Int {
        var (low, high) = (0, parts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if let first = parts[middle].periods.first, period.isBefore(first) { high = middle } else { low = middle }
        }
        return low
    }

    private mutating func split(_ number: Int) {
        let periods = parts[number].periods
        let halves = [periods[..<(periods.count / 2)], periods[(periods.count / 2)...]]
        parts.replaceSubrange(
            number...number,
            with: halves.map { Part(periods: Array($0), end: $0.map(\.end).max() ?? .min) })
    }
}
