import ArgumentParser
import Core
import Server

/// `millrace observers`: what acts on changes, and where they come from.
struct Observers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Acts on changes, those of a database of your own too.",
        discussion: """
            An observer is named by its name or its id. Status 1 says that something failed, 64 that the command was \
            wrong; `test` ends with 2 when the observer would not act.
            """,
        subcommands: [
            List.self, Show.self, Create.self, Delete.self, Pause.self, Resume.self, Replay.self, Test.self,
            ObserversCapture.self,
        ])

    /// Where they are.
    static let path = "/api/v1/observers"

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the observers by name.")

        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let observers = try await target.client().list(of: Observers.path)
            format.print(.object(JSONObject([.init("items", .array(observers))])), observers.map(Observers.line))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows what an observer is; secrets are masked.")

        @Argument(help: "Its name or id.") var observer: String
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let found = try await target.client().json("GET", RequestPath(Observers.path, observer).text)
            format.print(.object(found), Outline(.object(found)).lines)
        }
    }

    /// An observer in one line: status, name, what it watches, what it does.
    static func line(_ observer: JSONValue) -> String {
        let types = observer["entity_types"].elements.compactMap(\.text).joined(separator: ",")
        let operations = observer["operations"].elements.compactMap(\.text).joined(separator: ",")
        let actions = observer["actions"].elements.compactMap { $0["name"]?.text }.joined(separator: ",")
        let reason = observer["paused_because"]?.text.map { "  (\($0))" } ?? ""
        return "\(observer["status"].text)  \(observer["name"].text)  \(types) \(operations)  \(actions)\(reason)"
    }
}
