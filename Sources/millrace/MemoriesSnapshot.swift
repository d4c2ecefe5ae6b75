import ArgumentParser
import Core
import Server

/// `millrace memories snapshot`: files that hold a collection as it was.
struct MemoriesSnapshot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Makes, lists, fetches, restores and deletes snapshots of collections.",
        subcommands: [Create.self, List.self, Download.self, Restore.self, Delete.self])

    /// What stands before a collection.
    private static let path = "/collections"

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a snapshot of a collection on the server.")

        @Argument(help: "The name of the collection.") var collection: String
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let answer = try await target.client().json("POST", MemoriesSnapshot.place(collection))
            let made = answer["result"] ?? .null
            format.print(made, [MemoriesSnapshot.line(made)])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the snapshots of a collection, the oldest first.")

        @Argument(help: "The name of the collection.") var collection: String
        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let answer = try await target.client().json("GET", MemoriesSnapshot.place(collection))
            format.print(answer["result"] ?? .null, answer["result"].elements.map(MemoriesSnapshot.line))
        }
    }

    struct Download: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Fetches a snapshot from the server into a file.")

        @Argument(help: "The name of the collection.") var collection: String
        @Argument(help: "The name of the snapshot.") var snapshot: String
        @Argument(help: "The file; called as the snapshot by default.") var file: String?
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let path = RequestPath(MemoriesSnapshot.place(collection), snapshot).text
            try await target.client().download(path, to: file ?? snapshot)
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a collection what a snapshot of the server says that it was.",
            discussion: "The collection is as before or as in the snapshot, and never in between.")

        @Argument(help: "The name of the collection, which need not be there.") var collection: String
        @Argument(help: "The name of the snapshot.") var snapshot: String
        @Option(help: "The collection that the snapshot is of, if it is another.") var from: String?
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let location = RequestPath("file://", from ?? collection, snapshot).text
            let body = JSONObject([.init("location", .string(location))])
            let path = MemoriesSnapshot.place(collection) + "/recover"
            _ = try await target.client().send("PUT", path, .object(body))
            print("\(collection) is restored from \(snapshot)")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a snapshot.")

        @Argument(help: "The name of the collection.") var collection: String
        @Argument(help: "The name of the snapshot.") var snapshot: String
        @OptionGroup var target: TargetOptions

        func run() async throws {
            _ = try await target.client().send("DELETE", RequestPath(MemoriesSnapshot.place(collection), snapshot).text)
            print("deleted \(snapshot)")
        }
    }

    private static func place(_ collection: String) -> String {
        RequestPath(path, collection).text + "/snapshots"
    }

    private static func line(_ snapshot: JSONValue) -> String {
        "\(snapshot["name"].text)  \(snapshot["creation_time"].text)  \(snapshot["size"].text) bytes"
    }
}
