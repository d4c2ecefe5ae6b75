import ArgumentParser
import Core
import Foundation
import Server

/// `millrace memories`: what collections of points hold, and what keeps them well.
struct MemoriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memories", abstract: "Looks after collections of points with vectors.",
        subcommands: [Stats.self, Rebuild.self, Verify.self, Export.self, MemoriesSnapshot.self])

    /// Where collections are.
    static let path = "/api/v1/collections"

    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells of each collection how much there is, what memory it takes, and how well it is found.")

        @Option(help: "text or json") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let answer = try await target.client().json("GET", MemoriesCommand.path)
            let rows = answer["items"].elements.map(MemoriesCommand.row)
            let titles = [
                "COLLECTION", "POINTS", "VECTORS", "UNLINKED", "BYTES", "BYTES/VECTOR", "ON DISK", "RECALL", "POSITION",
            ]
            format.print(.object(answer), TextTable(titles, rows).lines)
        }
    }

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the index of a collection anew from the tables.",
            discussion: "Searches go on in the old index until then. Without a name it is done for each collection.")

        @Argument(help: "The name of the collection; all of them by default.") var collection: String?
        @Option(help: "text or json: with json, an object a line.") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let client = try target.client()
            for name in try await MemoriesCommand.names(collection, client) {
                let path = RequestPath(MemoriesCommand.path, name).text
                _ = try await client.json("POST", path + "/rebuild")
                let made = try await wait(path, client)
                format.print(
                    .object(made),
                    ["\(name): made anew, \(made["points"].text) points, \(made["vectors"].text) vectors"])
            }
        }

        /// Waits until the index is made and every vector is in its graph.
        private func wait(_ path: String, _ client: ServerClient) async throws -> JSONObject {
            let bar = ProgressBar()
            defer { bar.clear() }
            while true {
                let now = try await client.json("GET", path)
                let (count, unlinked) = (Int(now["vectors"].text) ?? 0, Int(now["unlinked"].text) ?? 0)
                let isRead = now["rebuilding"] == .bool(false)
                if isRead, unlinked == 0 { return now }
                let share = isRead ? 1 - Double(unlinked) / Double(max(1, count)) : 0
                bar.show(rows: isRead ? count - unlinked : 0, share: share, what: isRead ? "linking" : "reading")
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compares indexes with the tables, and files with their checksums.",
            discussion: "Ends with status 1 when anything is wrong. Without a name each collection is verified.")

        @Argument(help: "The name of the collection; all of them by default.") var collection: String?
        @Option(help: "text or json: with json, an object a line.") var format = Config.Format.text
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let client = try target.client()
            var count = 0
            for name in try await MemoriesCommand.names(collection, client) {
                let report = try await client.json("POST", RequestPath(MemoriesCommand.path, name, "verify").text)
                let problems = report["problems"].elements.compactMap(\.text)
                count += problems.count
                let recall = report["recall_at_10"]?.text.map { ", recall \($0.prefix(6))" } ?? ""
                let line = "\(name): \(report["points"].text) points, \(report["vectors"].text) vectors\(recall)"
                let end = problems.isEmpty ? ", nothing is wrong" : ", \(problems.count) problems"
                format.print(.object(report), [line + end] + problems.map { "  \($0)" })
            }
            guard count == 0 else {
                throw Failure(
                    .conflict, code: "index_wrong",
                    "\(count) problems were found. `millrace memories rebuild` makes an index anew from the tables.")
            }
        }
    }

    /// The collections that are meant.
    static func names(_ name: String?, _ client: ServerClient) async throws -> [String] {
        if let name { return [name] }
        return try await client.json("GET", path)["items"].elements.compactMap { $0["collection"]?.text }
    }

    private static func row(_ item: JSONValue) -> [String] {
        let recall = item["recall_at_10"]?.text.map { String($0.prefix(6)) } ?? "-"
        return [
            item["collection"].text, item["points"].text, item["vectors"].text, item["unlinked"].text,
            item["bytes"].text, item["bytes_per_vector"].text, item["on_disk"] == .bool(true) ? "yes" : "no", recall,
            item["position"].text,
        ]
    }
}

extension MemoriesCommand {
    struct Export: AsyncParsableCommand {
        /// How vectors are written.
        enum Vectors: String, CaseIterable, ExpressibleByArgument {
            case base64, numbers, none
        }

        static let configuration = CommandConfiguration(
            abstract: "Writes every point of a collection, of one moment, into a file of NDJSON.",
            discussion: """
                The first line tells of the collection, each other of a point. `millrace import memories` takes the \
                file on this server or another.
                """)

        @Argument(help: "The name of the collection.") var collection: String
        @Argument(help: "The file; standard output by default.") var file = "-"
        @Option(help: "base64, numbers or none") var vectors = Vectors.base64
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let client = try target.client()
            let query = [(name: "vectors", value: vectors.rawValue as String?)]
            let path = RequestPath(MemoriesCommand.path, collection, "export", query: query).text
            guard file == "-" else {
                try await client.download(path, to: file)
                return try Self.check(file)
            }
            let temporary = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            defer { unlink(temporary) }
            try await client.download(path, to: temporary)
            try Self.check(temporary)
            try Self.copy(temporary)
        }

        /// Makes sure that a file has as many lines as its first one says.
        private static func check(_ file: String) throws {
            var (count, head) = (0, [UInt8]())
            try read(file) { part in
                if count == 0 { head += part.prefix { $0 != UInt8(ascii: "\n") } }
                count += part.count { $0 == UInt8(ascii: "\n") }
            }
            let points = try JSONParser.parse(head)["points"]?.text
            guard points == String(count - 1) else {
                throw Failure(
                    .unavailable, code: "export_torn",
                    "The export is not whole: it has \(count - 1) of \(points ?? "no") points. Export again.")
            }
        }

        private static func copy(_ file: String) throws {
            try read(file) { try FileHandle.standardOutput.write(contentsOf: $0) }
        }

        private static func read(_ file: String, _ body: (Data) throws -> Void) throws {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
            defer { try? handle.close() }
            while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty { try body(part) }
        }
    }
}
