import Core
import Foundation
import Workload

/// What came of a run, for people at a terminal.
struct LoadReport {
    /// The lines of it.
    let lines: [String]

    private static let percentiles = [50.0, 90, 95, 99, 99.9, 99.99]
    /// From which part of its time on the load generator may be what is slow.
    private static let busyShare = 0.9

    init(_ result: LoadResult) {
        var lines = [Self.load(result), Self.counts(result), ""]
        lines += Self.table(result).lines
        let failures = result.requests.flatMap { request in
            request.failures.map { "  \($0.count) × \(request.name): \($0.reason)" }
        }
        if !failures.isEmpty { lines += ["", "Failures:"] + failures }
        if result.scenario.load.mode == .open { lines += ["", Self.omission(result)] }
        if !result.verdicts.isEmpty { lines += [""] + result.verdicts.map(Self.line) }
        self.lines = lines + Self.warnings(result)
    }

    private static func load(_ result: LoadResult) -> String {
        let load = result.scenario.load
        let unit = load.mode == .open ? "requests a second" : "clients"
        let isConstant = load.stages.allSatisfy { $0.target == load.start }
        let range = isConstant ? number(load.start) : "\(number(load.start)) to \(number(load.peak))"
        let over = load.mode == .open ? " over \(load.connections) connections, arrivals \(load.arrivals.rawValue)" : ""
        return "\(result.scenario.name) at \(result.scenario.server): \(load.mode.rawValue) loop, \(range) \(unit), "
            + "\(DurationText.text(load.duration))\(over)"
    }

    private static func counts(_ result: LoadResult) -> String {
        String(
            format: "%d requests, %.1f right answers a second, %d failed (%.2f %%), %.1f MB read, %d reconnects",
            result.count, result.rate, result.failureCount, result.failedShare * 100, Double(result.byteCount) / 1e6,
            result.reconnectCount)
    }

    private static func table(_ result: LoadResult) -> TextTable {
        let titles = ["LATENCY", "COUNT", "MEAN"] + percentiles.map { LoadResult.Latencies.name(of: $0).uppercased() }
        var rows = [row("all", result.latencies)]
        if result.requests.count > 1 { rows += result.requests.map { row($0.name, $0.latencies) } }
        return TextTable(titles + ["MAX"], rows)
    }

    private static func row(_ name: String, _ latencies: LoadResult.Latencies) -> [String] {
        [name, "\(latencies.count)", time(latencies.mean)] + percentiles.map { time(latencies.percentile($0)) }
            + [time(latencies.longest)]
    }

    /// What would have been reported if the time before a request could be sent did not count.
    private static func omission(_ result: LoadResult) -> String {
        let (open, closed) = (result.latencies.percentile(99), result.serviceTimes.percentile(99))
        return "Coordinated omission: p99 is \(time(open)) from when requests were due, and \(time(closed)) from when "
            + "they were sent, which is all that a closed loop sees."
    }

    private static func line(_ verdict: LoadResult.Verdict) -> String {
        let value: String =
            switch verdict.threshold.figure {
            case .failed: String(format: "%.3f %%", verdict.value * 100)
            case .rate: number(verdict.value)
            default: time(verdict.value)
            }
        return "\(verdict.isReached ? "reached" : "MISSED ") \(verdict.threshold.text) (\(value))"
    }

    private static func warnings(_ result: LoadResult) -> [String] {
        var warnings: [String] = []
        if result.processorShare > busyShare {
            warnings.append(
                "The load generator itself was busy \(Int(result.processorShare * 100)) % of the time: give it more "
                    + "--threads or another machine before you believe these latencies.")
        }
        let late = result.lateness.percentile(99)
        if late > 0.001, late > result.latencies.percentile(99) / 4 {
            warnings.append("The load generator sent 1 of 100 requests more than \(time(late)) late.")
        }
        return warnings.isEmpty ? [] : [""] + warnings
    }

    /// A time in the unit that reads best.
    static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<0.001: String(format: "%.0f µs", seconds * 1e6)
        case ..<0.1: String(format: "%.2f ms", seconds * 1e3)
        case ..<1: String(format: "%.0f ms", seconds * 1e3)
        default: String(format: "%.2f s", seconds)
        }
    }

    /// A number without digits that say nothing.
    static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : String(format: "%.1f", value)
    }
}
