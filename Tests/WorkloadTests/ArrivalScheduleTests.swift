import Core
import TestKit
import Testing

@testable import Workload

@Suite struct ArrivalScheduleTests {
    private func times(_ load: LoadProfile, generator: Int = 0, of count: Int = 1) -> [Double] {
        ArrivalSchedule(load, generator: generator, of: count).map { Double($0) / 1e9 }
    }

    @Test func aConstantRateArrivesAtEqualDistances() {
        let times = times(LoadProfile(of: 200, for: .seconds(3)))
        #expect(times.count == 600)
        for (index, time) in times.enumerated() { #expect(abs(time - Double(index) / 200) < 1e-8) }
    }

    /// From 0 to 100 a second in 2 s: 100 arrivals, the n-th when t²·25 = n.
    @Test func aRampArrivesByItsIntegral() {
        let times = times(LoadProfile(.open, from: 0, through: [.init(duration: .seconds(2), target: 100)]))
        #expect(times.count == 100)
        for (index, time) in times.enumerated() { #expect(abs(25 * time * time - Double(index)) < 1e-5) }
    }

    @Test func stagesFollowEachOther() {
        let stages: [LoadProfile.Stage] = [
            .init(duration: .seconds(1), target: 100), .init(duration: .seconds(1), target: 100),
            .init(duration: .seconds(2), target: 0),
        ]
        let times = times(LoadProfile(.open, from: 0, through: stages))
        let counts = (0..<4).map { second in times.count { Int($0) == second } }
        #expect(counts == [50, 100, 75, 25])
        #expect(times == times.sorted())
    }

    @Test func aStageWithoutLoadHasNoArrivals() {
        let stages: [LoadProfile.Stage] = [
            .init(duration: .seconds(1), target: 0), .init(duration: .seconds(1), target: 0),
            .init(duration: .zero, target: 50), .init(duration: .seconds(1), target: 50),
        ]
        let times = times(LoadProfile(.open, from: 0, through: stages))
        #expect(times.count == 50 && times.allSatisfy { $0 >= 2 && $0 < 3 })
    }

    @Test func whatComesBeforeTheRunHasNegativeTimes() {
        var load = LoadProfile(of: 100, for: .seconds(1))
        load.warmUp = .seconds(2)
        let times = times(load)
        #expect(times.count { $0 < 0 } == 200 && times.count { $0 >= 0 } == 100)
        #expect(times.first == -2)
    }

    @Test(arguments: [1, 2, 3, 7]) func generatorsShareTheArrivals(_ count: Int) {
        let load = LoadProfile(.open, from: 50, through: [.init(duration: .seconds(2), target: 170)])
        let all = (0..<count).flatMap { times(load, generator: $0, of: count) }.sorted()
        let one = times(load)
        #expect(all.count == one.count)
        #expect(zip(all, one).allSatisfy { abs($0 - $1) < 1e-7 })
    }

    /// A Poisson process: the counts of equal spans have the mean and the variance of their rate.
    @Test func randomArrivalsAreAPoissonProcess() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var load = LoadProfile(of: 1_000, for: .seconds(200))
        load.arrivals = .random
        load.seed = seed
        var counts = Array(repeating: 0.0, count: 2_000)
        for generator in 0..<2 {
            for time in times(load, generator: generator, of: 2) { counts[min(1_999, Int(time * 10))] += 1 }
        }
        let mean = counts.reduce(0, +) / 2_000
        let squares = counts.map { ($0 - mean) * ($0 - mean) }
        let variance = squares.reduce(0, +) / 1_999
        // The mean's deviation is √(100/2000) = 0.22, the variance's 100·√(2/1999) = 3.2: six of each are allowed.
        #expect(abs(mean - 100) < 1.4, "seed \(seed)")
        #expect(abs(variance - 100) < 20, "seed \(seed)")
        #expect(Array(ArrivalSchedule(load)) == Array(ArrivalSchedule(load)))
    }

    @Test func clientsFollowTheLine() throws {
        let load = LoadProfile(
            .closed, from: 0,
            through: [.init(duration: .seconds(2), target: 100), .init(duration: .seconds(1), target: 0)])
        func clients(_ seconds: Double, _ generator: Int = 0, of count: Int = 1) -> Int? {
            ClientSchedule(load, generator: generator, of: count).clients(at: Int64(seconds * 1e9))
        }
        #expect([0, 1, 1.999, 2.5, 3].map { clients($0) } == [0, 50, 100, 50, nil])
        for seconds in stride(from: 0, to: 3, by: 0.1) {
            let parts = (0..<3).compactMap { clients(seconds, $0, of: 3) }
            #expect(parts.reduce(0, +) == clients(seconds))
        }
    }
}
