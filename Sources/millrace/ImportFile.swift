public import ArgumentParser
import Core
import Foundation
public import Server

extension ImportFormat: ExpressibleByArgument {}

/// `millrace import`: rows of a file become products, customers, orders, stock, or memories.
struct ImportFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Imports products, customers, orders or stock from CSV or NDJSON, and memories from NDJSON.",
        discussion: """
            A column becomes what it is called, or what --map says. Running an import again changes nothing twice: \
            products are found again by sku, customers by external_id or email, orders by number or external_id, and \
            stock is set to the number that was counted.

            \(ImportKind.allCases.map(fields).joined(separator: "\n\n"))

            Memories have the members that POST /memories takes, a memory a line, or are the lines of \
            `millrace memories export`. They need a server that runs.
            """)

    /// What becomes of the rows.
    enum Subject: ExpressibleByArgument {
        case rows(ImportKind)
        case memories

        init?(argument: String) {
            if argument == "memories" {
                self = .memories
            } else if let kind = ImportKind(rawValue: argument) {
                self = .rows(kind)
            } else {
                return nil
            }
        }

        static var allValueStrings: [String] { ImportKind.allCases.map(\.rawValue) + ["memories"] }
    }

    @Argument(help: "products, customers, orders, inventory or memories") var kind: Subject
    @Argument(help: "The file; - for standard input.") var file: String
    @Option(help: "csv or ndjson; by the end of the file's name by default.") var format: ImportFormat?
    @Option(help: "theirs=ours: what a column becomes; '!theirs=ours' turns true and false round. May be repeated.")
    var map: [String] = []
    @Option(help: "ours=value: what no column says, for example currency=USD. May be repeated.") var set: [String] = []
    @Option(help: "A CSV file with the lines of the orders.") var lines: String?
    @Option(help: "The column that joins --lines with the orders; the first of its columns by default.")
    var join: String?
    @Option(help: "Where rejected rows go; FILE.rejected.csv by default.") var rejects: String?
    @OptionGroup var target: TargetOptions

    func run() async throws {
        switch kind {
        case .rows(let kind): try await run(kind)
        case .memories: try await importMemories()
        }
    }

    private func importMemories() async throws {
        let client = try target.client()
        let rejected = rejects ?? "\(file == "-" ? "stdin" : file).rejected.csv"
        let bar = ProgressBar()
        defer { bar.clear() }
        var job = try PointImport(file, rejects: rejected, to: client) {
            bar.show($0)
        } reject: { line, reason in
            bar.clear()
            FileHandle.standardError.write(Data("line \(line): \(reason)\n".utf8))
        }
        let summary = try await job.run()
        bar.clear()
        try report(summary, rejected)
    }

    private func run(_ kind: ImportKind) async throws {
        var request = Import.Request(kind, path: file)
        request.format = format
        request.maps = map
        request.constants = set
        request.linesPath = lines
        request.joinColumn = join
        request.rejectsPath = rejects
        switch try target.place() {
        case .server(let client): try await run(request, HTTPImportTarget(client))
        case .directory(let path):
            let store = try await Store.open(path, settings: Environment.settings(of: path))
            do {
                try await run(request, LocalImportTarget(store))
                await store.close()
            } catch {
                await store.close()
                throw error
            }
        }
    }

    private func run(_ request: Import.Request, _ target: any ImportTarget) async throws {
        let bar = ProgressBar()
        defer { bar.clear() }
        var job = try Import(request, to: target) { bar.show($0) }
        let summary = try await job.run()
        bar.clear()
        try report(summary, request.rejectedRowsPath)
    }

    private func report(_ summary: ImportSummary, _ rejectedRowsPath: String) throws {
        print(summary.text)
        guard summary.rejected > 0 else { return }
        throw Failure(
            .invalid, code: "rows_rejected",
            "\(summary.rejected) rows were rejected; \(rejectedRowsPath) has each with its line and reason."
        )
    }

    private static func fields(_ kind: ImportKind) -> String {
        let names = kind.fields.map { "  \($0.name): \($0.summary)" }
        return "What \(kind.rawValue) may have:\n" + names.joined(separator: "\n")
    }
}
