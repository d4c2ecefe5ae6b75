import ArgumentParser
import Core
import Server

/// `millrace debug-event`: why did each observer act on an event, or why not.
struct DebugEvent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "debug-event",
        abstract: "Tells why each observer acted on an event or did not, and what became of it.",
        discussion: """
            Shows for each observer its verdict, the condition with the value of each of its parts, and each delivery \
            with its attempts and its last failure.
            """)

    @Argument(help: "The id of the event, as `GET /api/v1/events` shows it.") var id: String
    @Option(help: "Only this observer, by its name.") var observer: String?
    @Option(help: "text or json") var format = Config.Format.text
    @OptionGroup var target: TargetOptions

    /// What the words of the API mean.
    private static let verdicts = [
        "acted": "acted",
        "not_watched": "did not act: it does not watch such events",
        "older_than_observer": "did not act: the event is older than it",
        "condition_false": "did not act: its condition does not hold",
        "condition_failed": "did not act: its condition cannot be answered",
        "lookup_failed": "did not act: what it looks up cannot be asked for",
        "not_reached": "has not come to the event yet",
        "paused": "is paused, and has not come to the event yet",
        "disabled": "did not act: it is disabled",
        "would_act": "would act now, and nothing says that it has: it was changed since, or that is forgotten",
    ]

    func run() async throws {
        var report = try await target.client().json("GET", RequestPath("/api/v1/events", id).text)
        var observers = report["observers"].elements
        if let observer {
            observers = observers.filter { $0["name"]?.text == observer }
            guard !observers.isEmpty else { throw Failure.notFound("observer", observer) }
            report = JSONObject([
                .init("event", report["event"] ?? .null), .init("observers", .array(observers)),
            ])
        }
        format.print(.object(report), Self.lines(report["event"] ?? .null) + observers.flatMap(Self.lines(of:)))
    }

    private static func lines(_ event: JSONValue) -> [String] {
        let what = "\(event["type"].text) of \(event["entity_id"].text)"
        var lines = ["event \(event["id"].text): \(what) at \(event["time"].text) by \(event["actor"].text)"]
        let changed = event["changed_fields"].elements.compactMap(\.text)
        if !changed.isEmpty { lines.append("  changed: \(changed.joined(separator: ", "))") }
        return lines
    }

    private static func lines(of observer: JSONValue) -> [String] {
        let word = observer["verdict"].text
        let status = observer["status"].text
        let replay = observer["replay"]?.text.map { " when it was replayed (replay \($0))" } ?? ""
        var lines = ["\(observer["name"].text) (\(status)): \(verdicts[word] ?? word)\(replay)"]
        if let trace = observer["trace"], trace != .null {
            lines += ConditionTree(trace, depth: 1).lines
        } else if let condition = observer["condition"]?.text {
            lines.append("  condition: \(condition)")
        }
        return lines + observer["deliveries"].elements.flatMap(lines(delivery:))
    }

    private static func lines(delivery: JSONValue) -> [String] {
        let attempts = delivery["attempts"].text
        let replay = delivery["replay"]?.text.map { ", replay \($0)" } ?? ""
        let count = "\(attempts) attempt\(attempts == "1" ? "" : "s")\(next(of: delivery))\(replay)"
        var lines = ["  \(delivery["action"].text): \(delivery["state"].text) after \(count)"]
        if let failure = delivery["failure"] {
            lines.append("    \(failure["reason"].text): \(failure["message"].text)")
        }
        return lines
    }

    /// What a delivery waits for that is on its way.
    private static func next(of delivery: JSONValue) -> String {
        if let until = delivery["destination_left_alone_until"]?.text {
            return ", its destination fails and is left alone until \(until)"
        }
        if let next = delivery["next_attempt_at"]?.text { return ", next at \(next)" }
        // Only the instance that delivers it knows whether it leaves the destination alone.
        return delivery["due"] == .bool(true) ? ", its turn has come; the destination may be left alone" : ""
    }
}
