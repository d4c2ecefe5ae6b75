public import ArgumentParser
import Core
import Foundation
public import Server

extension ImportKind: ExpressibleByArgument {}
extension ImportFormat: ExpressibleByArgument {}

/// `millrace import`: rows of a file become products, customers, orders or stock.
struct ImportFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Imports products, customers, orders or stock from CSV or NDJSON.",
        discussion: """
            A column becomes what it is called, or what --map says. Running an import again changes nothing twice: \
            products are found again by sku, customers by external_id or email, orders by number or external_id, and \
            stock is set to the number that was counted.

            \(ImportKind.allCases.map(fields).joined(separator: "\n\n"))
            """)

    @Argument(help: "products, customers, orders or inventory") var kind: ImportKind
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
        print(summary.text)
        guard summary.rejected > 0 else { return }
        throw Failure(
            .invalid, code: "rows_rejected",
            "\(summary.rejected) rows were rejected; \(request.rejectedRowsPath) has each with its line and reason."
        )
    }

    private static func fields(_ kind: ImportKind) -> String {
        let names = kind.fields.map { "  \($0.name): \($0.summary)" }
        return "What \(kind.rawValue) may have:\n" + names.joined(separator: "\n")
    }
}
