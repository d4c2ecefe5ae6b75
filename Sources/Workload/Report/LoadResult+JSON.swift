public import Core
import Foundation

extension LoadResult {
    /// The percentiles that reports show.
    public static let percentiles = [50.0, 75, 90, 95, 99, 99.9, 99.99]

    /// All of it, times in milliseconds.
    public var json: JSONValue {
        .object(
            JSONObject([
                .init("name", .string(scenario.name)), .init("server", .string(scenario.server)),
                .init("started_at", .string(startedAt.description)), .init("load", loadJSON),
                .init("seconds", Self.number(seconds, 3)), .init("requests", .integer(count)),
                .init("failed", .integer(failureCount)), .init("failed_share", Self.number(failedShare, 6)),
                .init("rate", Self.number(rate, 2)), .init("bytes", .integer(byteCount)),
                .init("reconnects", .integer(reconnectCount)), .init("latency_ms", latencies.json),
                .init("service_time_ms", serviceTimes.json), .init("lateness_ms", lateness.json),
                .init("generator_processor_share", Self.number(processorShare, 3)),
                .init("by_request", .array(requests.map(\.json))),
                .init("thresholds", .array(verdicts.map(\.json))), .init("reached", .bool(isReached)),
                .init("intervals", .array(intervals.map(\.json))),
            ]))
    }

    private var loadJSON: JSONValue {
        let load = scenario.load
        return .object(
            JSONObject([
                .init("mode", .string(load.mode.rawValue)), .init("arrivals", .string(load.arrivals.rawValue)),
                .init("start", Self.number(load.start, 2)),
                .init(
                    "stages",
                    .array(
                        load.stages.map { stage in
                            .object(
                                JSONObject([
                                    .init("duration", .string(DurationText.text(stage.duration))),
                                    .init("target", Self.number(stage.target, 2)),
                                ]))
                        })),
                .init("warm_up", .string(DurationText.text(load.warmUp))),
                .init("connections", .integer(load.connections)), .init("seed", .integer(load.seed)),
            ]))
    }

    static func number(_ value: Double, _ digits: Int) -> JSONValue {
        .number(String(format: "%.\(digits)f", value))
    }
}

extension LoadResult.Latencies {
    /// The count, the mean, the percentiles by their names and the longest.
    var json: JSONValue {
        let fixed = [JSONObject.Member("count", .integer(count)), .init("mean", LoadResult.number(mean * 1_000, 3))]
        let percentiles = LoadResult.percentiles.map { percent in
            JSONObject.Member(Self.name(of: percent), LoadResult.number(percentile(percent) * 1_000, 3))
        }
        return .object(
            JSONObject(fixed + percentiles + [.init("max", LoadResult.number(longest * 1_000, 3))]))
    }

    /// What a percentile is called: p99.9.
    public static func name(of percent: Double) -> String {
        percent == percent.rounded() ? "p\(Int(percent))" : "p\(percent)"
    }
}

extension LoadResult.Requests {
    var json: JSONValue {
        .object(
            JSONObject([
                .init("name", .string(name)), .init("failed", .integer(failureCount)),
                .init("failures", .object(JSONObject(failures.map { .init($0.reason, .integer($0.count)) }))),
                .init("latency_ms", latencies.json),
            ]))
    }
}

extension LoadResult.Verdict {
    var json: JSONValue {
        .object(
            JSONObject([
                .init("threshold", .string(threshold.text)), .init("value", LoadResult.number(value, 6)),
                .init("reached", .bool(isReached)),
            ]))
    }
}

extension IntervalFigures {
    var json: JSONValue {
        .object(
            JSONObject([
                .init("second", .integer(second)), .init("arrivals", .integer(arrivals)),
                .init("requests", .integer(count)), .init("failed", .integer(failures)),
                .init("p50", LoadResult.number(median * 1_000, 3)), .init("p99", LoadResult.number(p99 * 1_000, 3)),
                .init("max", LoadResult.number(longest * 1_000, 3)),
            ]))
    }
}
