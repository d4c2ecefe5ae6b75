import Core

/// The highest rate at which a server does what is asked for, found by runs.
public struct MaximumRate: Sendable {
    private let scenario: Scenario
    private let trial: Duration
    private let threads: Int

    /// The part of a rate that must really have been answered for the server to keep up with it.
    private static let keptUpShare = 0.98
    /// How often the rate that was found is tried again for the whole length.
    private static let confirmations = 4
    /// What is done before each run and not measured.
    private static let warmUp = Duration.seconds(1)

    /// - parameter trial: how long each rate is tried.
    public init(_ scenario: Scenario, trial: Duration, threads: Int) {
        self.scenario = scenario
        self.trial = trial
        self.threads = threads
    }

    /// Looks for it, and tries what was found for the length of the scenario.
    ///
    /// - parameter tell: is told of each run in one line.
    /// - returns: the rate; nil when none is good.
    public func find(tell: @Sendable (String) -> Void = { _ in }) async throws -> Double? {
        var search = RateSearch(from: max(scenario.load.peak, 1))
        for _ in 0...Self.confirmations {
            while let rate = search.next {
                search.take(isGood: try await isGood(rate, for: trial, tell: tell))
            }
            guard let best = search.best else { return nil }
            if scenario.load.duration <= trial { return best }
            if try await isGood(best, for: scenario.load.duration, tell: tell) { return best }
            search.disprove()
        }
        return search.best
    }

    private func isGood(_ rate: Double, for length: Duration, tell: @Sendable (String) -> Void) async throws -> Bool {
        var attempt = scenario
        attempt.load = scenario.load.at(rate.rounded(), for: length)
        if attempt.load.warmUp < Self.warmUp { attempt.load.warmUp = Self.warmUp }
        let result = try await LoadTest(attempt, threads: threads).run()
        let keepsUp = result.rate >= rate.rounded() * Self.keptUpShare
        let missed = result.verdicts.filter { !$0.isReached }.map(\.threshold.text)
        let isGood = keepsUp && missed.isEmpty
        let reasons = (keepsUp ? [] : ["only \(Int(result.rate))/s were answered"]) + missed.map { "missed \($0)" }
        let verdict = isGood ? "good" : reasons.joined(separator: ", ")
        tell("\(Int(rate.rounded()))/s for \(DurationText.text(length)): \(verdict)")
        return isGood
    }
}
