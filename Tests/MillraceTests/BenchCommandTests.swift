import Core
import Foundation
import TestKit
import Testing

/// `millrace bench` against a running server.
@Suite(.serialized, .timeLimit(.minutes(5))) struct BenchCommandTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A scenario that is shipped.
    private static func scenario(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Benchmarks/scenarios/\(name).yaml").standardizedFileURL.path
    }

    private func serve() async throws -> (server: ServerProcess, key: String) {
        let server = try await ServerProcess(data: directory.file("data"))
        try await server.waitUntilReady()
        return (server, try #require(server.adminKey))
    }

    private func json(_ result: ServerProcess.Result) throws -> JSONValue {
        try JSONParser.parse(Array(result.output.utf8))
    }

    /// The guides' load tests are shipped as scenarios; each must do on a new server what it says.
    @Test(arguments: ["orders", "events", "graph-search", "recommendations", "memories"])
    func theScenariosOfTheGuidesRun(_ name: String) async throws {
        let (server, key) = try await serve()
        var arguments = [
            Self.scenario(name), "--warm-up", "0s", "--format", "json", "--variable",
            "ITEMS=300", "--variable", "USERS=30", "--variable", "MEMORIES=100",
        ]
        switch name {
        case "orders": arguments += ["--clients", "3", "--duration", "5s"]
        case "events": arguments += ["--clients", "4", "--iterations", "200"]
        case "memories": arguments += ["--rate", "20", "--duration", "2s"]
        default: arguments += ["--clients", "8", "--duration", "2s"]
        }
        let result = try await ServerProcess.run(
            ["bench", "--server", server.address] + arguments, environment: ["MILLRACE_KEY": key], in: directory.path)
        _ = await server.stop()
        // A debug build need not be as fast as the thresholds ask for.
        #expect([0, 2].contains(result.status), "\(result.errors)")
        let report = try json(result)
        #expect(report["failed"] == .integer(0), "\(report["by_request"].map { "\($0)" } ?? "")")
        for request in report["by_request"]?.elements ?? [] {
            #expect(request["latency_ms"]?["count"] != .integer(0), "\(request)")
        }
    }

    /// The scenario that the page teaches with.
    @Test func theScenarioOfThePageRuns() async throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../docs/tuning.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let begin = try #require(text.range(of: "```yaml\n"))
        let end = try #require(text[begin.upperBound...].range(of: "```"))
        try text[begin.upperBound..<end.lowerBound].write(
            toFile: directory.file("shop.yaml"), atomically: true, encoding: .utf8)
        let (server, key) = try await serve()
        let result = try await ServerProcess.run(
            ["bench", "shop.yaml", "--server", server.address, "--rate", "20", "--duration", "3s", "--format", "json"],
            environment: ["MILLRACE_KEY": key], in: directory.path)
        _ = await server.stop()
        let report = try json(result)
        #expect(report["failed"] == .integer(0) && report["thresholds"]?.elements.count == 3, "\(result.output)")
        #expect(report["by_request"]?.elements.count == 3)
    }

    @Test func thresholdsDecideTheStatus() async throws {
        let (server, key) = try await serve()
        let url = "\(server.address)/health"
        func run(_ threshold: String) async throws -> ServerProcess.Result {
            try await ServerProcess.run(
                ["bench", "--url", url, "--rate", "100", "--duration", "1s", "--threshold", threshold],
                environment: ["MILLRACE_KEY": key], in: directory.path)
        }
        let good = try await run("failed < 1%")
        #expect(good.status == 0 && good.output.contains("100 requests") && good.output.contains("reached failed < 1%"))
        #expect(good.output.contains("Coordinated omission: p99 is"))
        let bad = try await run("p50 < 1us")
        #expect(bad.status == 2 && bad.output.contains("MISSED  p50 < 1us"))
        let wrong = try await run("speed > 3")
        #expect(wrong.status == 1 && wrong.errors.contains("is no threshold"))
        _ = await server.stop()
        let gone = try await run("failed < 1%")
        #expect(gone.status == 1 && gone.errors.contains("cannot be reached"))
    }

    @Test func theReportIsOnePage() async throws {
        let (server, key) = try await serve()
        let page = directory.file("report.html")
        let result = try await ServerProcess.run(
            ["bench", "--url", "\(server.address)/health", "--clients", "4", "--duration", "2s", "--report", page],
            environment: ["MILLRACE_KEY": key], in: directory.path)
        _ = await server.stop()
        #expect(result.status == 0, "\(result.errors)")
        let text = try String(contentsOfFile: page, encoding: .utf8)
        #expect(text.hasPrefix("<!doctype html>") && text.contains("<polyline"))
        #expect(text.contains("closed loop: 4 clients for 2s"))
    }

    @Test func whatDoesNotFitTogetherIsRefused() async throws {
        for arguments in [
            [], ["--url", "http://127.0.0.1:1/", "x.yaml"], ["--url", "http://127.0.0.1:1/", "--rate", "0"],
            ["--url", "http://127.0.0.1:1/", "--rate", "5", "--clients", "5"],
            ["--url", "http://127.0.0.1:1/", "--duration", "soon"],
            ["--url", "http://127.0.0.1:1/", "--find-max", "--clients", "3"],
            ["--url", "http://127.0.0.1:1/", "--iterations", "3"],
        ] {
            let result = try await ServerProcess.run(["bench"] + arguments, in: directory.path)
            #expect(result.status == 64, "\(arguments): \(result.errors)")
        }
        let missing = try await ServerProcess.run(["bench", "nothing.yaml"], in: directory.path)
        #expect(missing.status == 1 && missing.errors.contains("nothing.yaml cannot be read"))
    }
}
