import Core
import Foundation

/// When requests arrive whose rate follows straight lines, however fast they are answered. A value: its times are
/// nanoseconds since the run began, and negative while it warms up.
///
/// The expected number of arrivals up to a time is the integral of the rate, so the n-th of constant arrivals comes
/// when that integral is n. Random ones are a Poisson process: the same with a unit-rate process in the place of n
/// (Çinlar,
/// "Introduction to Stochastic Processes", 1975, chapter 4, time inversion).
struct ArrivalSchedule: Sequence, IteratorProtocol {
    private let stages: [StageLine]
    private let isRandom: Bool
    private let stride: Double
    private var random: SplitMix64
    private var stage = 0
    /// The place of the next arrival among all expected ones of the stage.
    private var expected: Double

    /// The arrivals of one of several generators that share the load.
    init(_ profile: LoadProfile, generator: Int = 0, of count: Int = 1) {
        stages = StageLine.lines(of: profile)
        isRandom = profile.arrivals == .random
        stride = Double(count)
        random = SplitMix64(seed: profile.seed &+ UInt64(generator) &* 0x9E37_79B9)
        expected = Double(generator)
        if isRandom { expected = step() }
    }

    mutating func next() -> Int64? {
        while stage < stages.count {
            let line = stages[stage]
            if expected < line.area {
                let time = line.begin + line.time(ofArea: expected)
                expected += step()
                return Int64(time * 1e9)
            }
            expected -= line.area
            stage += 1
        }
        return nil
    }

    /// How many expected arrivals there are to the next one.
    private mutating func step() -> Double {
        guard isRandom else { return stride }
        return -log(Double.random(in: Double.leastNonzeroMagnitude...1, using: &random)) * stride
    }
}

/// A part of a run in which the load is a straight line, in seconds.
struct StageLine: Sendable {
    let begin: Double
    let duration: Double
    let from: Double
    let to: Double

    /// How many requests arrive in it.
    var area: Double { (from + to) / 2 * duration }

    /// The lines of a profile; the run itself begins at 0.
    static func lines(of profile: LoadProfile) -> [StageLine] {
        var lines: [StageLine] = []
        let warmUp = profile.warmUp / .seconds(1)
        if warmUp > 0 {
            let load = profile.start > 0 ? profile.start : profile.stages.first?.target ?? 0
            lines.append(StageLine(begin: -warmUp, duration: warmUp, from: load, to: load))
        }
        var (begin, load) = (0.0, profile.start)
        for stage in profile.stages {
            let duration = stage.duration / .seconds(1)
            lines.append(StageLine(begin: begin, duration: duration, from: load, to: stage.target))
            begin += duration
            load = stage.target
        }
        return lines
    }

    /// The load so many seconds after the line begins.
    func load(after time: Double) -> Double {
        duration > 0 ? from + (to - from) * Swift.min(1, Swift.max(0, time / duration)) : to
    }

    /// When so many requests of it have arrived: the root of slope/2·t² + from·t = area, in the form that loses no
    /// digits where the slope is small.
    func time(ofArea area: Double) -> Double {
        guard area > 0, duration > 0 else { return 0 }
        let slope = (to - from) / duration
        return 2 * area / (from + (from * from + 2 * slope * area).squareRoot())
    }
}
