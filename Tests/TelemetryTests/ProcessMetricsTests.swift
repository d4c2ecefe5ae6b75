import Foundation
import Testing

@testable import Telemetry

@Suite struct ProcessMetricsTests {
    @Test func readsTheFieldsBehindANameWithSpacesAndParentheses() {
        let line =
            "4242 (a) b (c)) S 1 4242 4242 0 -1 4194560 1 2 3 4 150 25 7 8 20 0 5 0 98765 1048576 321 184467 1 1 0"
        let statistics = ProcessStatistics(line)
        #expect(statistics?.processorTicks == 175)
        #expect(statistics?.startTicks == 98_765)
        #expect(statistics?.virtualBytes == 1_048_576)
        #expect(statistics?.residentPages == 321)
    }

    @Test(arguments: ["", "1 (x", "1 (x) S 1 2 3", "1 (x) S a b c d e f g h i j k l m n o p q r s t u v w"])
    func refusesOtherTexts(line: String) {
        #expect(ProcessStatistics(line) == nil)
    }

    @Test func showsThisProcess() throws {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry, version: "9.8.7")
        let before = try values(registry)
        #expect(before["millrace_build_info{version=\"9.8.7\"}"] == 1)
        let resident = try #require(before["process_resident_memory_bytes"])
        let virtual = try #require(before["process_virtual_memory_bytes"])
        #expect(resident > 1_000_000 && virtual > resident)
        let start = try #require(before["process_start_time_seconds"])
        let age = Date().timeIntervalSince1970 - start
        #expect(age > -2 && age < 3_600)
        let open = try #require(before["process_open_fds"])
        let maximum = try #require(before["process_max_fds"])
        #expect(open >= 3 && open < maximum)

        // Work for longer than a clock tick is seen, and open files are.
        let files = try (0..<10).map { _ in try #require(FileHandle(forReadingAtPath: "/proc/self/stat")) }
        var spin = 0.0
        let deadline = ContinuousClock.now + .milliseconds(100)
        while ContinuousClock.now < deadline { spin += 1 }
        let after = try values(registry)
        #expect(spin > 0 && files.count == 10)
        let processorTime = try #require(before["process_cpu_seconds_total"])
        let processorTimeAfter = try #require(after["process_cpu_seconds_total"])
        #expect(processorTimeAfter > processorTime)
        // What the tests before this one left open may close meanwhile.
        let openAfter = try #require(after["process_open_fds"])
        #expect(openAfter >= open + 10 - 5)
    }

    /// The samples of an exposition by name and labels.
    private func values(_ registry: MetricsRegistry) throws -> [String: Double] {
        var values: [String: Double] = [:]
        for line in String(decoding: PrometheusExposition.text(of: registry), as: UTF8.self).split(separator: "\n") {
            guard !line.hasPrefix("#"), let space = line.lastIndex(of: " ") else { continue }
            values[String(line[..<space])] = try #require(Double(line[line.index(after: space)...]))
        }
        return values
    }
}
