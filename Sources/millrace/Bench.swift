import ArgumentParser
import Core
import Foundation
import Server
import Workload

/// `millrace bench`: sends load to a server and tells how it answers.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends load to a server, and tells how fast it answers.",
        discussion: """
            A scenario says what is sent, how much of it and what must be reached; see docs/tuning.md. Without one, \
            --url is asked again and again.

            Requests arrive at a rate, whether the server answers or not, and their latency begins when they were due: \
            so what a server that stands still does to those who come meanwhile is counted. With --clients so many \
            clients each wait for the answer before they ask again.

            The status is 0 when all thresholds are reached, 2 when one is not.
            """)

    @Argument(help: "The scenario: a file of YAML or JSON; - for standard input.") var scenario: String?
    @OptionGroup var load: LoadOptions
    @Option(help: "A threshold, such as \"p99 < 50ms\" or \"failed < 1%\"; besides those of the scenario.")
    var threshold: [String] = []
    @ArgumentParser.Flag(
        help: "Looks for the highest rate that reaches the thresholds; p99 < 100ms and failed < 1% if there are none.")
    var findMax = false
    @Option(help: "How long each rate is tried for with --find-max.") var trial = "5s"
    @Option(help: "text or json") var format = Config.Format.text
    @Option(help: "A file for the report as a page with plots.") var report: String?

    func validate() throws {
        if (scenario == nil) == (load.url == nil) { throw ValidationError("Give a scenario, or --url.") }
        if findMax, load.clients != nil { throw ValidationError("--find-max looks for a rate, so not with --clients.") }
        if DurationText.parse(trial) == nil { throw ValidationError("--trial is a time such as 5s.") }
    }

    func run() async throws {
        var plan = try load.apply(to: try scenario.map { try ScenarioFile($0, load).scenario })
        plan.thresholds += try threshold.map { try Threshold($0) }
        try await LoadTest.setUp(plan)
        if findMax { plan = try await findRate(plan) }
        let progress = LoadProgress(of: plan)
        let result = try await LoadTest(plan, threads: load.threads).run { progress.show($0) }
        progress.clear()
        if let report {
            guard FileManager.default.createFile(atPath: report, contents: Data(LoadPage(result).html.utf8)) else {
                throw Failure(.invalid, code: "file_unwritable", "\(report) cannot be written.")
            }
        }
        format.print(result.json, LoadReport(result).lines)
        if !result.isReached { throw ExitCode(2) }
    }

    /// The scenario at the highest rate that reaches its thresholds.
    private func findRate(_ scenario: Scenario) async throws -> Scenario {
        var scenario = scenario
        guard scenario.load.mode == .open else {
            throw Failure(.invalid, code: "invalid_scenario", "--find-max looks for a rate, so the load is open.")
        }
        if scenario.thresholds.isEmpty {
            scenario.thresholds = [try Threshold("p99 < 100ms"), try Threshold("failed < 1%")]
        }
        let length = DurationText.parse(trial) ?? .seconds(5)
        let progress = LoadProgress(of: scenario)
        let found = try await MaximumRate(scenario, trial: length, threads: load.threads).find { progress.tell($0) }
        guard let found else {
            throw Failure(
                .unavailable, code: "no_rate_found",
                "No rate reaches the thresholds, not even one request a second: see what a run with --rate 1 says.")
        }
        scenario.load = scenario.load.at(found)
        return scenario
    }
}

/// What is sent, and how much.
struct LoadOptions: ParsableArguments {
    @Option(help: "What is asked for with GET, such as http://127.0.0.1:8080/health.") var url: String?
    @Option(help: "The server, in the place of the scenario's; or MILLRACE_SERVER.") var server: String?
    @Option(help: "Requests a second; 100 by default.") var rate: Double?
    @Option(help: "A closed loop of so many clients in the place of a rate.") var clients: Int?
    @Option(help: "How many flows --clients run through in all, in the place of a time.") var iterations: Int?
    @Option(help: "How long, such as 30s or 2m; 10s by default.") var duration: String?
    @Option(help: "What is done before and not measured, such as 5s.") var warmUp: String?
    @Option(help: "How many connections there are at most; 64 by default.") var connections: Int?
    @Option(help: "Threads of the load generator.")
    var threads = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
    @Option(help: "A value for ${NAME} of the scenario, as NAME=VALUE; else the environment's.")
    var variable: [String] = []

    func validate() throws {
        if rate != nil, clients != nil { throw ValidationError("Give --rate or --clients, not both.") }
        if let rate, !(rate > 0 && rate <= 10_000_000) { throw ValidationError("--rate is above 0.") }
        if let clients, !(1...100_000).contains(clients) { throw ValidationError("--clients is from 1 to 100000.") }
        if let iterations, !(1...1_000_000_000).contains(iterations) || clients == nil {
            throw ValidationError("--iterations is from 1 to 1000000000, and goes with --clients.")
        }
        if let connections, !(1...100_000).contains(connections) {
            throw ValidationError("--connections is from 1 to 100000.")
        }
        if !(1...1_024).contains(threads) { throw ValidationError("--threads is from 1 to 1024.") }
        for text in [duration, warmUp].compactMap(\.self) where DurationText.parse(text) == nil {
            throw ValidationError("\(text) is no time such as 500ms, 30s or 2m.")
        }
        if variable.contains(where: { !$0.contains("=") }) { throw ValidationError("--variable is NAME=VALUE.") }
    }

    /// A variable of a scenario.
    func value(of name: String) -> String? {
        let given = variable.last { $0.hasPrefix("\(name)=") }?.dropFirst(name.count + 1)
        return given.map(String.init) ?? Environment.value(name)
    }

    /// The scenario with what the options say.
    func apply(to scenario: Scenario?) throws -> Scenario {
        let length = duration.flatMap(DurationText.parse)
        var plan: Scenario
        if let scenario {
            plan = scenario
        } else {
            plan = try Scenario(url: url ?? "", load: LoadProfile(of: 100, for: .seconds(10)))
        }
        if let server = server ?? (url == nil ? Environment.value("MILLRACE_SERVER") : nil) { plan.server = server }
        if let rate {
            plan.load.mode = .open
            plan.load = plan.load.at(rate, for: length)
        } else if let clients {
            plan.load.mode = .closed
            plan.load.iterations = iterations
            plan.load = plan.load.at(Double(clients), for: length ?? (iterations == nil ? nil : .seconds(3_600)))
        } else if let length {
            plan.load = plan.load.at(plan.load.peak, for: length)
        }
        if let warmUp = warmUp.flatMap(DurationText.parse) { plan.load.warmUp = warmUp }
        if let connections { plan.load.connections = connections }
        return plan
    }
}
