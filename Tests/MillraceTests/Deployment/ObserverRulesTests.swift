import Core
import Foundation
import Server
import TestKit
import Testing
import Yams

/// The rules of `deploy/prometheus`: Prometheus reads them, they fire when they should, and a server has what they ask.
@Suite(.timeLimit(.minutes(5))) struct ObserverRulesTests {
    private static let rules = "prometheus/observers.rules.yaml"
    private static let tests = "prometheus/observers.rules.test.yaml"

    @Test func prometheusReadsTheRules() throws {
        let verdict = try Promtool().check(rules: DeploymentFiles.path(Self.rules))
        #expect(verdict.status == 0, "\(verdict.output)")
    }

    @Test func theAlertsFireWhenTheyShould() throws {
        let verdict = try Promtool().test(rules: DeploymentFiles.path(Self.tests))
        #expect(verdict.status == 0, "\(verdict.output)")
    }

    /// The guide divides failures by successes, which gives nothing while a receiver is down.
    @Test func theTestsFindAnAlertThatDoesNotFire() throws {
        let directory = try TemporaryDirectory()
        let wrong = try DeploymentFiles.text(Self.rules)
            .replacing("observer_delivery_attempts_total", with: "observer_actions_executed_total")
        try wrong.write(toFile: directory.file("observers.rules.yaml"), atomically: true, encoding: .utf8)
        try DeploymentFiles.text(Self.tests).write(
            toFile: directory.file("test.yaml"), atomically: true, encoding: .utf8)
        let verdict = try Promtool().test(rules: directory.file("test.yaml"))
        #expect(verdict.status != 0 && verdict.output.contains("ObserverActionsFail"), "\(verdict.output)")
    }

    @Test func everyAlertIsTestedAndSaysWhatToDo() throws {
        let rules = try DeploymentFiles.yaml(Self.rules).at("groups").elements.flatMap { $0.at("rules").elements }
        let alerts = rules.filter { !$0.at("alert").text.isEmpty }
        let tested = try DeploymentFiles.yaml(Self.tests).at("tests").elements
            .flatMap { $0.at("alert_rule_test").elements }.filter { !$0.at("exp_alerts").elements.isEmpty }
            .map { $0.at("alertname").text }
        #expect(alerts.map { $0.at("alert").text }.sorted() == tested.sorted())
        for alert in alerts {
            let annotations = alert.at("annotations").texts
            #expect(annotations["summary"]?.hasSuffix(".") == true, "\(alert.at("alert").text)")
            #expect((annotations["description"] ?? "").count > 80, "\(alert.at("alert").text)")
        }
    }

    @Test func aServerHasEveryMetricOfTheRules() async throws {
        let rules = try DeploymentFiles.yaml(Self.rules).at("groups").elements.flatMap { $0.at("rules").elements }
        let recorded = Set(rules.map { $0.at("record").text })
        let names = Set(
            rules.flatMap { rule in
                rule.at("expr").text.matches(of: /[a-z][a-z0-9_:]*/).map { String($0.0) }
                    .filter { $0.hasPrefix("observer") || $0.hasPrefix("checkpoint") || $0.contains(":") }
            }
        ).subtracting(["observer"])
        #expect(names.count > 12)
        let server = try await ObserverServer(answering: { _ in .status(503) })
        try await server.observe("failing", #""on_failure": "alert","#)
        _ = try await server.happen("parcel", "{}")
        try await server.untilDeadLetters(1)
        let text = String(decoding: try await server.client.send("GET", "/metrics").body, as: UTF8.self)
        for name in names.subtracting(recorded) {
            #expect(text.contains("\n\(name) ") || text.contains("\n\(name){"), "/metrics has no \(name)")
        }
        #expect(await server.process.stop() == 0)
    }
}
