import Expressions
import Foundation

/// What came of a run as one page of HTML that needs nothing else, for whoever was not there.
public struct LoadPage {
    /// The page.
    public let html: String

    /// How fine the curve of percentiles is: points for each further nine.
    private static let pointsPerNine = 20
    private static let colors = ["a", "b", "c"]

    /// The page of a run.
    public init(_ result: LoadResult) {
        let name = Self.escaped(result.scenario.name)
        html = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(name)</title>
            <meta name="viewport" content="width=device-width, initial-scale=1"><style>\(Self.style)</style></head>
            <body><h1>\(name)</h1>
            <p>\(Self.conditions(result))</p>
            \(Self.verdicts(result))
            \(Self.table(result))
            \(Self.plots(result).map(\.svg).joined(separator: "\n"))
            \(Self.failures(result))
            </body></html>

            """
    }

    private static func conditions(_ result: LoadResult) -> String {
        let load = result.scenario.load
        let unit = load.mode == .open ? "requests a second" : "clients"
        let stages = load.stages.map { "to \(figure($0.target)) in \(DurationText.text($0.duration))" }
        let isConstant = load.stages.allSatisfy { $0.target == load.start }
        let amount =
            isConstant
            ? "\(figure(load.start)) \(unit) for \(DurationText.text(load.duration))"
            : "\(unit) from \(figure(load.start)) \(stages.joined(separator: ", "))"
        let over =
            load.mode == .open
            ? " over \(load.connections) connections, arrivals \(load.arrivals.rawValue), seed \(load.seed)" : ""
        return "\(escaped(result.scenario.server)), \(result.startedAt), \(load.mode.rawValue) loop: \(amount)\(over), "
            + "after \(DurationText.text(load.warmUp)) to warm up. \(result.count) requests, "
            + "\(figure(result.rate)) right answers a second, \(result.failureCount) failed. "
            + "The load generator worked \(Int(result.processorShare * 100)) % of its threads' time."
    }

    private static func verdicts(_ result: LoadResult) -> String {
        let lines = result.verdicts.map { verdict in
            "<li class=\"\(verdict.isReached ? "good" : "bad")\">\(verdict.isReached ? "reached" : "missed"): "
                + "\(escaped(verdict.threshold.text))</li>"
        }
        return lines.isEmpty ? "" : "<ul>\(lines.joined())</ul>"
    }

    private static func table(_ result: LoadResult) -> String {
        let names = LoadResult.percentiles.map { LoadResult.Latencies.name(of: $0) }
        let head = (["", "count", "mean"] + names + ["max", "failed"]).map { "<th>\($0)</th>" }.joined()
        func row(_ name: String, _ latencies: LoadResult.Latencies, _ failed: String) -> String {
            let times =
                [latencies.mean] + LoadResult.percentiles.map { latencies.percentile($0) } + [latencies.longest]
            let cells = ["\(latencies.count)"] + times.map { String(format: "%.3f", $0 * 1_000) } + [failed]
            return "<tr><th>\(escaped(name))</th>\(cells.map { "<td>\($0)</td>" }.joined())</tr>"
        }
        var rows = [
            row("all, from when they were due", result.latencies, "\(result.failureCount)"),
            row("all, from when they were sent", result.serviceTimes, ""),
        ]
        if result.requests.count > 1 {
            rows += result.requests.map { row($0.name, $0.latencies, "\($0.failureCount)") }
        }
        return "<table><caption>Latency in milliseconds</caption><tr>\(head)</tr>\(rows.joined())</table>"
    }

    private static func plots(_ result: LoadResult) -> [Plot] {
        func line(_ name: String, _ style: Int, _ value: (IntervalFigures) -> Double) -> Plot.Line {
            .init(
                name: name, style: colors[style], points: result.intervals.map { (x: Double($0.second), y: value($0)) })
        }
        let latency = Plot(
            title: "Latency over time", yUnit: "milliseconds by seconds",
            lines: [
                line("max", 2) { $0.longest * 1_000 }, line("p99", 1) { $0.p99 * 1_000 },
                line("p50", 0) { $0.median * 1_000 },
            ])
        let rate = Plot(
            title: "Throughput", yUnit: "requests a second by seconds",
            lines: [
                line("due", 1) { Double($0.arrivals) }, line("answered", 0) { Double($0.count - $0.failures) },
                line("failed", 2) { Double($0.failures) },
            ])
        let marks = [(0.0, "0 %"), (1, "90 %"), (2, "99 %"), (3, "99.9 %"), (4, "99.99 %"), (5, "99.999 %")]
        let percentiles = Plot(
            title: "Latency by percentile", yUnit: "milliseconds",
            lines: [
                .init(name: "from when due", style: colors[0], points: curve(result.latencies)),
                .init(name: "from when sent", style: colors[1], points: curve(result.serviceTimes)),
            ], xMarks: marks.map { (x: $0.0, text: $0.1) })
        return [latency, percentiles, rate]
    }

    /// Latencies by how many nines of the answers they hold for, as far as there are answers enough.
    private static func curve(_ latencies: LoadResult.Latencies) -> [(x: Double, y: Double)] {
        guard latencies.count > 0 else { return [] }
        let nines = min(5, log10(Double(max(10, latencies.count))))
        return (0...Int(nines * Double(pointsPerNine))).map { step in
            let x = Double(step) / Double(pointsPerNine)
            return (x, latencies.percentile(100 * (1 - pow(10, -x))) * 1_000)
        }
    }

    private static func failures(_ result: LoadResult) -> String {
        let lines = result.requests.flatMap { request in
            request.failures.map { "<li>\($0.count) × \(escaped(request.name)): \(escaped($0.reason))</li>" }
        }
        return lines.isEmpty ? "" : "<h2>Failures</h2><ul>\(lines.joined())</ul>"
    }

    private static func figure(_ value: Double) -> String { String(format: "%.1f", value).replacing(".0", with: "") }

    /// A text that stands in a page as it is.
    static func escaped(_ text: String) -> String { TemplateEscaping.html.escape(text) }

    private static let style = """
        :root{color-scheme:light dark;--ink:light-dark(#1b1f24,#e6e8ea);--faint:light-dark(#d8dce0,#3a4047);\
        --a:light-dark(#1767b3,#63a9ee);--b:light-dark(#b26a00,#e8a33d);--c:light-dark(#b3261e,#f0857d)}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);max-width:900px;margin:2rem auto;padding:0 1rem}
        table{border-collapse:collapse;display:block;overflow-x:auto;font-variant-numeric:tabular-nums}
        caption{text-align:left;font-weight:bold}td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid \
        var(--faint)}tr th:first-child{text-align:left;font-weight:normal}
        figure{margin:1.5rem 0}svg{width:100%;height:auto}svg text{font-size:12px;fill:var(--ink)}
        .grid{stroke:var(--faint)}.line{fill:none;stroke-width:2;stroke-linejoin:round}
        .line.a{stroke:var(--a)}.line.b{stroke:var(--b)}.line.c{stroke:var(--c)}
        .key{display:inline-block;width:1em;height:3px;margin:0 .3em .2em .8em}
        .key.a{background:var(--a)}.key.b{background:var(--b)}.key.c{background:var(--c)}
        .bad{color:var(--c)}
        """
}
