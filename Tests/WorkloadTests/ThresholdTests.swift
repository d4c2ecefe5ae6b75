import Core
import Testing

@testable import Workload

@Suite struct ThresholdTests {
    @Test func readsWhatIsCompared() throws {
        let threshold = try Threshold("p95<500ms")
        #expect(threshold.figure == .percentile(95) && threshold.comparison == .less && threshold.bound == 0.5)
        #expect(try Threshold("p99.9 <= 2s").figure == .percentile(99.9))
        #expect(try Threshold("max < 1m").bound == 60)
        #expect(try Threshold("failed < 1%").bound == 0.01)
        #expect(try Threshold("failed <= 0.001").bound == 0.001)
        let rate = try Threshold("list orders: rate >= 1000")
        #expect(rate.request == "list orders" && rate.figure == .rate && rate.bound == 1_000)
        #expect(rate.comparison == .atLeast)
    }

    @Test(arguments: [
        "", "p95", "p95 < 500", "p0 < 1s", "p101 < 1s", "speed < 1s", "failed < 200%", "rate > many", "p95 = 1s",
        "failed < -1%", "max < 1 day",
    ])
    func whatMeansNothingIsRefused(_ text: String) throws {
        let failure = try #require(throws: Failure.self) { try Threshold(text) }
        #expect(failure.code == "invalid_scenario" && failure.message.contains("p95 < 500ms"))
    }

    @Test func timesAreReadAndWritten() {
        #expect(DurationText.parse("1m30s") == .seconds(90))
        #expect(DurationText.parse("250ms") == .milliseconds(250))
        #expect(DurationText.parse("0.5s") == .milliseconds(500))
        for text in ["", "5", "s", "5x", "-5s", "1e9h", "5 s", "..s", "1000001h"] {
            #expect(DurationText.parse(text) == nil, "\(text)")
        }
        for text in ["250ms", "90s", "2m", "1h", "3us"] {
            #expect(DurationText.text(DurationText.parse(text)!) == text)
        }
        #expect(DurationText.text(.zero) == "0s")
    }

    /// A search must end at the highest good rate, from wherever it begins.
    @Test(arguments: [1.0, 10, 500, 40_000], [3.0, 777, 12_345, 90_000])
    func aSearchEndsAtTheHighestGoodRate(_ start: Double, _ limit: Double) throws {
        var search = RateSearch(from: start)
        var tries = 0
        while let rate = search.next {
            search.take(isGood: rate <= limit)
            tries += 1
        }
        let best = try #require(search.best)
        #expect(best <= limit && best * 1.05 >= limit && tries <= 30, "\(best) after \(tries)")
    }

    @Test func aSearchGivesUpWhereNothingIsGood() {
        var search = RateSearch(from: 64)
        while search.next != nil { search.take(isGood: false) }
        #expect(search.best == nil)
    }

    @Test func whatDoesNotHoldForLongerIsLoweredALittle() throws {
        var search = RateSearch(from: 100)
        while let rate = search.next { search.take(isGood: rate <= 1_000) }
        let first = try #require(search.best)
        search.disprove()
        while let rate = search.next { search.take(isGood: rate <= 950) }
        let second = try #require(search.best)
        #expect(second < first && second >= first * 0.85)
    }
}
