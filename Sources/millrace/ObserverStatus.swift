import Core
import Server

import struct Observers.ObserverSummary

/// How the observers of a server or a data directory are: what they are, what waits, and what failed for good.
struct ObserverStatus {
    /// The same for programs; null when the key may not read it.
    let json: JSONValue
    /// The same for people.
    let lines: [String]

    /// The figures by their metric and what they are called here.
    private static let figures = [
        (name: "backlog", metric: "observer_backlog_changes"), (name: "lag_seconds", metric: "observer_lag_seconds"),
        (name: "pending_deliveries", metric: "observer_pending_deliveries"),
    ]
    private static let states = ["active", "catching_up", "paused", "disabled"]

    /// Asks a server.
    init(_ client: ServerClient) async throws {
        do {
            let observers = try await client.list(of: Observers.path)
            let letters = try await client.json("GET", "/api/v1/dead-letters/stats")
            let gauges = try await client.json("GET", "/metrics/json")["gauges"].elements
            let counts = Self.states.map { state in
                JSONObject.Member(state, .integer(observers.count { $0["status"]?.text == state }))
            }
            let figures = Self.figures.map { figure in
                let gauge = gauges.first { $0["name"]?.text == figure.metric }
                return JSONObject.Member(figure.name, gauge?["value"] ?? .null)
            }
            let dead = JSONObject.Member("dead_letters", letters["total"] ?? .null)
            self.init(counts, figures + [dead])
        } catch let failure as Failure where failure.kind == .forbidden {
            // Who may see orders and not observers still learns how the rest is.
            self.init(json: .null, lines: ["observers: the key may not read them (\(failure.message))"])
        }
    }

    /// What the tables say when no server runs. Then there is no lag in seconds, since nobody is behind.
    init(_ summary: ObserverSummary) {
        let counts = Self.states.map { state in
            JSONObject.Member(state, .integer(summary.counts.first { $0.key.rawValue == state }?.value ?? 0))
        }
        let figures = [
            ("backlog", summary.backlog), ("pending_deliveries", summary.pendingDeliveries),
            ("dead_letters", summary.deadLetters),
        ]
        self.init(counts, figures.map { JSONObject.Member($0, .integer($1)) })
    }

    private init(_ counts: [JSONObject.Member], _ figures: [JSONObject.Member]) {
        let kinds = counts.filter { $0.value != .integer(0) || $0.name == "active" }
        self.init(
            json: .object(JSONObject(counts + figures)),
            lines: ["observers: \(Self.line(kinds))", "  \(Self.line(figures))"])
    }

    private init(json: JSONValue, lines: [String]) {
        self.json = json
        self.lines = lines
    }

    /// Names and values in one line; whole numbers without decimals.
    private static func line(_ members: [JSONObject.Member]) -> String {
        members.map { member in
            let text = member.value.text ?? "unknown"
            return "\(member.name) \(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)"
        }.joined(separator: ", ")
    }
}
