import Core
import Testing

/// So much at once, and then so much each second.
@Suite struct TokenBucketTests {
    private func moment(_ milliseconds: Int) -> Duration { .milliseconds(milliseconds) }

    /// How many of three are taken at once.
    private func takeThree(_ bucket: inout TokenBucket, at milliseconds: Int) -> Int {
        (1...3).count { _ in bucket.take(at: moment(milliseconds)) == nil }
    }

    @Test func aBurstIsTakenAtOnceAndTheRestInTime() {
        var bucket = TokenBucket(rate: 10, burst: 3)
        #expect(takeThree(&bucket, at: 0) == 3)
        #expect(bucket.take(at: moment(0)) == moment(100))
        #expect(bucket.take(at: moment(99)) == moment(100))
        #expect(bucket.take(at: moment(100)) == nil)
        #expect(bucket.take(at: moment(100)) == moment(200))
    }

    @Test func aRestFillsItAndNoMore() {
        var bucket = TokenBucket(rate: 10, burst: 3)
        _ = takeThree(&bucket, at: 0)
        #expect(takeThree(&bucket, at: 60_000) == 3)
        #expect(bucket.take(at: moment(60_000)) == moment(60_100))
    }

    @Test func aBurstOfOneKeepsTheDistance() {
        var bucket = TokenBucket(rate: 0.5, burst: 1)
        #expect(bucket.take(at: moment(0)) == nil)
        #expect(bucket.take(at: moment(500)) == moment(2_000))
        #expect(bucket.take(at: moment(2_000)) == nil)
    }

    @Test func whatIsGivenBackIsThereAgain() {
        var bucket = TokenBucket(rate: 10, burst: 3)
        bucket.giveBack()
        #expect(takeThree(&bucket, at: 0) == 3)
        bucket.giveBack()
        #expect(takeThree(&bucket, at: 0) == 1)
    }

    /// Whoever always waits until the moment that is named gets the rate, over any time.
    @Test func theRateHoldsInTheLongRun() {
        var bucket = TokenBucket(rate: 1_000, burst: 50)
        var (now, taken) = (Duration.zero, 0)
        while now < moment(10_000) {
            if let next = bucket.take(at: now) { now = next } else { taken += 1 }
        }
        #expect(taken == 10_000 + 49)
    }
}
