/// Looks for the highest rate that meets what is asked for: upwards by doubling, then by halving the gap between the
/// highest rate that did and the lowest that did not. A value.
public struct RateSearch: Sendable {
    /// The highest rate that was good so far; nil while none was.
    public private(set) var best: Double?
    private var lowestBad: Double?
    private var rate: Double
    private let precision: Double
    private var triesLeft: Int

    /// Below this rate nothing is looked for any more.
    private static let leastRate = 1.0

    /// A search.
    ///
    /// - parameters:
    ///   - start: the rate that is tried first.
    ///   - precision: how near the two rates are in the end, as a part of the lower one.
    ///   - tries: how many rates are tried at most.
    public init(from start: Double, precision: Double = 0.05, tries: Int = 30) {
        rate = max(Self.leastRate, start)
        self.precision = precision
        triesLeft = tries
    }

    /// The rate to try next; nil when the search is over.
    public var next: Double? {
        guard triesLeft > 0, rate >= Self.leastRate else { return nil }
        if let best, let lowestBad, lowestBad <= best * (1 + precision) { return nil }
        return rate
    }

    /// Takes what came of the rate that ``next`` named.
    public mutating func take(isGood: Bool) {
        triesLeft -= 1
        if isGood { best = max(best ?? 0, rate) } else { lowestBad = min(lowestBad ?? rate, rate) }
        switch (best, lowestBad) {
        case (let best?, let lowestBad?): rate = (best * lowestBad).squareRoot()
        case (let best?, nil): rate = best * 2
        case (nil, let lowestBad?): rate = lowestBad / 2
        case (nil, nil): break
        }
    }

    /// Says that the best rate was not good when it was tried for longer: a little less is tried then.
    public mutating func disprove() {
        guard let best else { return }
        lowestBad = best
        self.best = nil
        rate = best / (1 + precision)
        triesLeft = max(triesLeft, 1)
    }
}
