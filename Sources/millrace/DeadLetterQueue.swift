import ArgumentParser
import Core
import Server

/// `millrace dlq`: what could not be delivered.
struct DeadLetterQueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq", abstract: "Looks at deliveries that could not be made, retries and removes them.",
        subcommands: [List.self, Show.self, Retry.self, RetryAll.self, Remove.self, Stats.self])

    private static let path = "/api/v1/dead-letters"

    /// Which dead letters are meant.
    struct Filter: ParsableArguments {
        @Option(help: "Only those of an observer, by its name or id.") var observer: String?
        @Option(help: "Only those of a reason, for example http_500 or timeout.") var reason: String?
        @Option(help: "Only those that came here since an RFC 3339 time.") var since: String?

        var query: [(name: String, value: String?)] {
            [("observer", observer), ("reason", reason), ("since", since)]
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists dead letters, the oldest first.")

        @OptionGroup var filter: Filter
        @Option(help: "text or json: with json, an object a line.") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            try await target.client().pages(of: DeadLetterQueue.path, query: filter.query) { letters in
                for letter in letters { format.print(letter, [DeadLetterQueue.line(letter)]) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a dead letter with its event.")

        @Argument(help: "Its id, as `millrace dlq list` shows it.") var id: String
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let letter = try await target.client().json("GET", RequestPath(DeadLetterQueue.path, id).text)
            format.print(.object(letter), Outline(.object(letter)).lines)
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has dead letters delivered again: that action of that event, and nothing else.")

        @Argument(help: "Their ids.") var ids: [String]
        @Option(help: "text or json: with json, an object a line.") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let client = try target.client()
            for id in ids {
                let letter = try await client.json("POST", RequestPath(DeadLetterQueue.path, id, "retry").text)
                format.print(.object(letter), ["retrying \(DeadLetterQueue.line(.object(letter)))"])
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes dead letters for good.")

        @Argument(help: "Their ids.") var ids: [String]
        @Option(help: "text or json: with json, an object a line.") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let client = try target.client()
            for id in ids {
                _ = try await client.send("DELETE", RequestPath(DeadLetterQueue.path, id).text)
                format.print(.object(JSONObject([.init("removed", .string(id))])), ["removed \(id)"])
            }
        }
    }

    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Counts dead letters by observer and reason.")

        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let counts = try await target.client().json("GET", "\(DeadLetterQueue.path)/stats")
            let oldest = counts["oldest"]?.text.map { ", the oldest of \($0)" } ?? ""
            let groups = counts["groups"].elements.map {
                "  \($0["count"].text)  \($0["observer"].text)  \($0["reason"].text)"
            }
            format.print(.object(counts), ["\(counts["total"].text) dead letters\(oldest)"] + groups)
        }
    }

    /// A dead letter in one line.
    private static func line(_ letter: JSONValue) -> String {
        let place = "\(letter["observer"].text)/\(letter["action"].text)"
        let event = "event \(letter["event_id"].text)"
        return "\(letter["id"].text)  \(letter["created_at"].text)  \(place)  \(event)  \(letter["reason"].text)"
    }
}

extension DeadLetterQueue {
    struct RetryAll: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry-all",
            abstract: "Has all dead letters that are meant delivered again, the oldest first.",
            discussion: """
                Those that fail again become dead letters again, and are not retried a second time. --dry-run lists \
                what would be retried and changes nothing.
                """)

        @OptionGroup var filter: Filter
        @ArgumentParser.Flag(help: "Tells what would be retried, and changes nothing.") var dryRun = false
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let client = try target.client()
            let ids = try await dryRun ? listed(client) : retried(client)
            let counts = JSONObject([
                .init("dry_run", .bool(dryRun)), .init("count", .integer(ids.count)),
                .init("ids", .array(ids.map(JSONValue.string))),
            ])
            let end = dryRun ? "would retry \(ids.count) dead letters; nothing was changed" : "retrying \(ids.count)"
            format.print(.object(counts), ids + [end])
        }

        private func listed(_ client: ServerClient) async throws -> [String] {
            try await client.list(of: DeadLetterQueue.path, query: filter.query).map { $0["id"].text }
        }

        /// Retries batch by batch. What fails again at once comes last in the list, so those that were there are done
        /// when as many are.
        private func retried(_ client: ServerClient) async throws -> [String] {
            let count = [(name: "limit", value: "1" as String?), (name: "count", value: "exact")]
            let all = try await client.json("GET", RequestPath(DeadLetterQueue.path, query: filter.query + count).text)
            let total = Int(all["total"].text) ?? 0
            let path = RequestPath("\(DeadLetterQueue.path)/retry", query: filter.query).text
            var ids: [String] = []
            var hasMore = total > 0
            while hasMore, ids.count < total {
                let batch = try await client.json("POST", path)
                ids += batch["ids"].elements.compactMap(\.text)
                hasMore = batch["has_more"] == .bool(true)
            }
            return ids
        }
    }
}
