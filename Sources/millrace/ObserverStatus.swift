import Core
import Server

/// How the observers of a server are: what they are, what waits, and what failed for good.
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
            json = .object(JSONObject(counts + figures + [dead]))
            let kinds = counts.filter { $0.value != .integer(0) || $0.name == "active" }
            lines = ["observers: \(Self.line(kinds))", "  \(Self.line(figures + [dead]))"]
        } catch let failure as Failure where failure.kind == .forbidden {
            // Who may see orders and not observers still learns how the rest is.
            json = .null
            lines = ["observers: the key may not read them (\(failure.message))"]
        }
    }

    /// Names and values in one line; whole numbers without decimals.
    private static func line(_ members: [JSONObject.Member]) -> String {
        members.map { member in
            let text = member.value.text ?? "unknown"
            return "\(member.name) \(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)"
        }.joined(separator: ", ")
    }
}
