import Core
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import TestKit
import Testing
import YAML

@testable import Workload

/// Runs against a real server on a real socket.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LoadTestTests {
    private func scenario(_ text: String, at server: WorkloadServer) throws -> Scenario {
        var scenario = try ScenarioReader(variable: { _ in nil }, table: { _ in ([], []) })
            .read(try YAMLDocument.parse(text))
        scenario.server = server.url
        return scenario
    }

    private func run(
        _ text: String, threads: Int = 1, answer: @escaping @Sendable (WorkloadServer.Request) -> WorkloadServer.Answer
    ) async throws -> (result: LoadResult, requests: [WorkloadServer.Request]) {
        let server = try await WorkloadServer(answer: answer)
        let result = try await LoadTest(try scenario(text, at: server), threads: threads).run()
        let requests = server.requests
        try await server.stop()
        return (result, requests)
    }

    @Test(arguments: [1, 2]) func requestsArriveAtTheRate(_ threads: Int) async throws {
        let (result, requests) = try await run(
            "{request: {path: /x}, load: {rate: 500, duration: 2s, connections: 8}}", threads: threads
        ) { _ in .init() }
        #expect(result.count == 1_000 && result.failureCount == 0 && requests.count == 1_000)
        #expect(result.rate > 450 && result.rate <= 500.1)
        #expect(result.intervals.reduce(0) { $0 + $1.count } == 1_000)
        #expect(result.intervals.reduce(0) { $0 + $1.arrivals } == 1_000)
        let first = requests.count { $0.time - requests[0].time < .seconds(1) }
        #expect((400...600).contains(first), "\(first) of 1,000 requests came in the first of two seconds")
    }

    /// A server stands still for a second of four. Of the requests that were due then each waits for what is left of
    /// it: a quarter of all waits evenly long between 0 and 1 s. Those that were sent are as many as there are
    /// connections.
    @Test func aStallIsSeenByAllWhoWereDueInIt() async throws {
        let (result, _) = try await run("{request: {path: /}, load: {rate: 400, duration: 4s, connections: 4}}") {
            request in
            let inStall = request.time > .seconds(1) && request.time < .seconds(2)
            return .init(delay: inStall ? .nanoseconds((.seconds(2) - request.time).nanoseconds) : .zero)
        }
        #expect(result.count == 1_600 && result.failureCount == 0)
        #expect((0.9...1.3).contains(result.latencies.longest), "\(result.latencies.longest)")
        #expect((0.8...1.2).contains(result.latencies.percentile(98)), "\(result.latencies.percentile(98))")
        #expect((0.3...0.8).contains(result.latencies.percentile(87.5)), "\(result.latencies.percentile(87.5))")
        #expect(result.latencies.percentile(60) < 0.2)
        // A closed loop would have seen four slow answers of 1,600.
        #expect(result.serviceTimes.percentile(99) < 0.3, "\(result.serviceTimes.percentile(99))")
        #expect(result.intervals.contains { $0.longest > 0.9 } && result.intervals.contains { $0.longest < 0.3 })
    }

    @Test func clientsWaitForTheirAnswers() async throws {
        let (result, requests) = try await run("{request: {path: /}, load: {mode: closed, clients: 5, duration: 2s}}") {
            _ in
            .init(delay: .milliseconds(50))
        }
        // Five clients with answers after 50 ms ask at most 5 · 20 times a second.
        #expect((100...205).contains(result.count), "\(result.count)")
        #expect(requests.count >= result.count && result.latencies.percentile(50) >= 0.05)
    }

    @Test func aClosedLoopRunsThroughFlowsWithPausesAndWhatWasSaved() async throws {
        let text = """
            load: {mode: closed, clients: 2, duration: 1s}
            flows:
              - steps:
                  - name: make
                    method: POST
                    path: /make
                    body: '{"n":{{counter}}}'
                    save: {id: /id}
                    check: {status: 201}
                  - pause: 100ms
                  - {name: use, path: "/use/{{saved.id}}"}
            """
        let (result, requests) = try await run(text) { request in
            request.path == "/make" ? .init(status: .created, body: #"{"id":"id-\#(request.body.count)"}"#) : .init()
        }
        let made = requests.filter { $0.path == "/make" }
        #expect(made.allSatisfy { $0.method == .POST } && Set(made.map(\.body)).count == made.count)
        let uses = requests.filter { $0.path.hasPrefix("/use/id-") }
        #expect(made.count + uses.count == requests.count && uses.count >= made.count - 2)
        // Two clients with 100 ms between their two requests.
        #expect((10...20).contains(made.count), "\(made.count)")
        #expect(result.failureCount == 0 && result.requests.map(\.name) == ["make", "use"])
    }

    @Test func flowsAreTakenByTheirWeights() async throws {
        let text = """
            load: {rate: 1000, duration: 1s}
            flows: [{weight: 3, steps: [{path: /often}]}, {weight: 1, steps: [{path: /seldom}]}]
            """
        let (_, requests) = try await run(text) { _ in .init() }
        let often = requests.count { $0.path == "/often" }
        // 750 with a deviation of √(1000·¾·¼) = 14.
        #expect((660...840).contains(often), "\(often)")
    }

    @Test func wrongAnswersAreCountedByTheirReasons() async throws {
        let text = """
            load: {rate: 300, duration: 1s}
            data: {kinds: {rows: [{name: ok}, {name: error}, {name: text}], order: sequential}}
            request: {path: "/{{kinds.name}}", check: {status: 200, contains: ok}}
            thresholds: [failed < 50%, failed < 70%, p99 < 5s]
            """
        let (result, _) = try await run(text) { request in
            switch request.path {
            case "/error": .init(status: .serviceUnavailable)
            case "/text": .init(body: "no")
            default: .init()
            }
        }
        let failures = Dictionary(uniqueKeysWithValues: result.requests[0].failures.map { ($0.reason, $0.count) })
        #expect(failures == ["status 503": 100, "check: body contains \"ok\"": 100])
        #expect(result.verdicts.map(\.isReached) == [false, true, true] && !result.isReached)
    }

    /// Connections that end are made anew; those that end without an answer fail their request.
    @Test func connectionsThatEndAreMadeAnew() async throws {
        let text = """
            load: {rate: 200, duration: 1s, connections: 3}
            data: {kinds: {rows: [{name: ok}, {name: ends}, {name: lost}, {name: ok}], order: sequential}}
            request: {path: "/{{kinds.name}}"}
            """
        let (result, requests) = try await run(text) { request in
            .init(ends: request.path == "/ends", isLost: request.path == "/lost")
        }
        #expect(requests.count == 200 && result.count == 200)
        #expect(result.requests[0].failures.map(\.count) == [50])
        #expect(result.requests[0].failures.map(\.reason) == ["the connection was closed"])
        #expect((100...103).contains(result.reconnectCount), "\(result.reconnectCount)")
    }

    /// A server may close a connection while a client rests: the rest is as long all the same.
    @Test func aConnectionThatEndsInAPauseDoesNotShortenIt() async throws {
        let text = """
            load: {mode: closed, clients: 1, iterations: 2}
            flows: [{steps: [{name: first, path: /first}, {pause: 600ms}, {name: second, path: /second}]}]
            """
        let (result, requests) = try await run(text) { request in
            .init(closesAfter: request.path == "/first" ? .milliseconds(100) : nil)
        }
        #expect(requests.map(\.path) == ["/first", "/second", "/first", "/second"] && result.failureCount == 0)
        #expect(
            zip(requests, requests.dropFirst()).filter { $0.0.path == "/first" }.allSatisfy { pair in
                pair.1.time - pair.0.time >= .milliseconds(590)
            })
        #expect(result.reconnectCount == 2)
    }

    @Test func answersThatDoNotComeAreGivenUp() async throws {
        let text = "{request: {path: /}, load: {rate: 20, duration: 1s, connections: 40, timeout: 300ms}}"
        let (result, _) = try await run(text) { request in
            .init(delay: .seconds(request.time > .milliseconds(500) ? 20 : 0))
        }
        let failures = result.requests[0].failures
        #expect(failures.count <= 2 && failures.allSatisfy { $0.reason.hasPrefix("no answer") })
        #expect((5...15).contains(result.failureCount), "\(result.failureCount)")
        #expect(result.latencies.count == 20 && result.latencies.longest < 1.5 && result.latencies.longest >= 0.29)
    }

    /// Whom no connection was free for is not forgotten.
    @Test func whatWasNeverSentIsAFailure() async throws {
        let text = "{request: {path: /}, load: {rate: 50, duration: 1s, connections: 1, timeout: 500ms}}"
        let (result, _) = try await run(text) { _ in .init(delay: .milliseconds(400)) }
        #expect(result.count == 50)
        let failures = Dictionary(uniqueKeysWithValues: result.requests[0].failures.map { ($0.reason, $0.count) })
        #expect((failures["never sent: no connection was free"] ?? 0) >= 40, "\(failures)")
        #expect(result.latencies.longest > 0.9)
    }

    @Test func whatComesBeforeTheRunIsNotCounted() async throws {
        let (result, requests) = try await run("{request: {path: /}, load: {rate: 100, duration: 1s, warm_up: 1s}}") {
            _ in
            .init()
        }
        #expect(result.count == 100 && requests.count == 200)
    }

    @Test(arguments: [1, 2]) func aClosedLoopEndsAfterItsIterations(_ threads: Int) async throws {
        let text = "{request: {path: '/{{counter}}'}, load: {mode: closed, clients: 7, iterations: 250}}"
        let (result, requests) = try await run(text, threads: threads) { _ in .init() }
        #expect(result.count == 250 && Set(requests.map(\.path)).count == 250 && result.seconds < 30)
        #expect(result.rate > 250 / 30)
    }

    @Test func whatComesFirstHasToSucceed() async throws {
        let text = """
            setup: {times: 5, clients: 2, steps: [{method: POST, path: "/make/{{counter}}", check: {status: 201}}]}
            request: {path: /}
            """
        let server = try await WorkloadServer { request in
            .init(status: request.path == "/make/3" || request.method == .GET ? .badRequest : .created)
        }
        let scenario = try scenario(text, at: server)
        let failure = try await #require(throws: Failure.self) { try await LoadTest.setUp(scenario) }
        #expect(failure.code == "setup_failed" && failure.message.contains("status 400"))
        #expect(Set(server.requests.map(\.path)) == Set((0..<5).map { "/make/\($0)" }))
        try await server.stop()
    }

    @Test func aServerThatIsNotThereIsTold() async throws {
        let server = try await WorkloadServer { _ in .init() }
        let scenario = try scenario("{request: {path: /}}", at: server)
        try await server.stop()
        let failure = try await #require(throws: Failure.self) { try await LoadTest(scenario, threads: 2).run() }
        #expect(failure.code == "target_unreachable" && failure.message.contains("refused"))
    }

    @Test func theHighestRateIsFound() async throws {
        let server = try await WorkloadServer { _ in .init(delay: .milliseconds(20)) }
        // Ten connections with answers after 20 ms: 500 a second at most.
        var scenario = try scenario(
            "{request: {path: /}, load: {rate: 100, duration: 1s, connections: 10}}", at: server)
        scenario.thresholds = [try Threshold("p99 < 200ms")]
        let lines = Mutex<[String]>([])
        let found = try await MaximumRate(scenario, trial: .seconds(1), threads: 1).find { line in
            lines.withLock { $0.append(line) }
        }
        try await server.stop()
        let rate = try #require(found)
        #expect((250...510).contains(rate), "\(rate): \(lines.withLock { $0 })")
    }

    @Test func reportsSayWhatWasMeasured() async throws {
        let (result, _) = try await run(
            "{name: A <b>, request: {path: /}, load: {rate: 200, duration: 2s}, thresholds: [p50 < 1us]}"
        ) { _ in .init(delay: .milliseconds(2)) }
        let json = result.json
        #expect(json.value(at: "/requests") == .integer(400) && json.value(at: "/reached") == .bool(false))
        #expect(json.value(at: "/by_request/0/latency_ms/count") == .integer(400))
        #expect(Double(json.value(at: "/latency_ms/p50")?.plainText ?? "") ?? 0 >= 2)
        let page = LoadPage(result).html
        #expect(page.contains("<h1>A &lt;b&gt;</h1>") && page.contains("missed: p50 &lt; 1us"))
        #expect(page.components(separatedBy: "<svg").count == 4 && page.components(separatedBy: "<polyline").count == 9)
        #expect(!page.contains("http://www") && !page.contains("<script") && !page.contains("nan"))
    }
}
