import ArgumentParser
import Core
import Server

extension Observers {
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Leads an observer through a part of the log once more: what matches is done again.")

        @Argument(help: "Its name or id.") var observer: String
        @Option(help: "The first change: a position of the log or an RFC 3339 time; the oldest by default.")
        var from: String?
        @Option(help: "The last position, or the time before which it ends; the latest by default.") var to: String?
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let path = RequestPath(Observers.path, observer, "replay", query: [("from", from), ("to", to)]).text
            let begun = try await target.client().json("POST", path)
            let part = "positions \(begun["from"].text) to \(begun["to"].text)"
            format.print(.object(begun), ["replay \(begun["replay"].text) of \(observer) has begun: \(part)"])
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells what an observer would do about an event, without doing it.",
            discussion: "Ends with status 2 when it would not act, or could not.")

        @Argument(help: "Its name or id.") var observer: String
        @Option(help: "The id of an event, as `GET /api/v1/events` shows it.") var event: String
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let path = RequestPath(Observers.path, observer, "test", query: [("event", event)]).text
            let outcome = JSONValue.object(try await target.client().json("POST", path))
            format.print(outcome, lines(outcome))
            let fails = outcome["actions"].elements.contains { $0["failure"] != nil }
            if fails || outcome["matches"] != .bool(true) { throw ExitCode(2) }
        }

        private func lines(_ outcome: JSONValue) -> [String] {
            let matches = outcome["matches"] == .bool(true)
            let watches = outcome["watches"] == .bool(true)
            let reason = watches ? "its condition does not hold" : "it does not watch such events"
            var lines = [matches ? "\(observer) would act on event \(event)" : "\(observer) would not act: \(reason)"]
            if let trace = outcome["trace"] { lines += ConditionTree(trace, depth: 1).lines }
            for action in outcome["actions"].elements {
                lines.append("  \(action["name"].text) (\(action["type"].text))")
                if let failure = action["failure"]?.text { lines.append("    fails: \(failure)") }
                if let rendered = action["would_send"] { lines += Outline(rendered, depth: 2).lines }
            }
            return lines
        }
    }
}
