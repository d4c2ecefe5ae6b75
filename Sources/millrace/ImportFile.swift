public import ArgumentParser
import Core
public import Server

extension ImportFormat: ExpressibleByArgument {}

/// `millrace import`: rows of a file become products, customers, orders, stock, entities and interactions of
/// recommendations, memories, or a graph.
struct ImportFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Imports a shop, what users do or a graph from CSV, TSV, NDJSON or JSON, and memories from NDJSON.",
        discussion: """
            A column becomes what it is called, or what --map says. Running an import again changes nothing twice: \
            products are found again by sku, customers by external_id or email, orders by number or external_id, and \
            stock is set to the number that was counted. Entities are found again by type and id, and an \
            interaction that says when it was is the same one.

            \(ImportKind.allCases.map { Self.fields($0.rawValue, $0.fields) }.joined(separator: "\n\n"))

            A file of interactions alone gives recommendations with --create-entities. A JSON file is one array; what \
            /api/v1/export writes can be imported.

            Memories have the members that POST /memories takes, a memory a line, or are the lines of \
            `millrace memories export`. They need a server that runs.

            A graph has a file of nodes and one of edges, either of which may be left away; lines of NDJSON have the \
            members that POST /graph/bulk takes. It needs a server that runs, too. An edge to a node that is neither \
            there nor in the file is rejected. What --map and --set say of them begins with nodes. or edges.:

            \(GraphRows.allCases.map { Self.fields("a graph", $0.fields) }.joined(separator: "\n\n"))
            """)

    /// What becomes of the rows.
    enum Subject: ExpressibleByArgument {
        case rows(ImportKind)
        case memories
        case graph

        init?(argument: String) {
            if argument == "memories" {
                self = .memories
            } else if argument == "graph" {
                self = .graph
            } else if let kind = ImportKind(rawValue: argument) {
                self = .rows(kind)
            } else {
                return nil
            }
        }

        static var allValueStrings: [String] { ImportKind.allCases.map(\.rawValue) + ["memories", "graph"] }
    }

    @Argument(help: "products, customers, orders, inventory, entities, interactions, memories or graph")
    var kind: Subject
    @Argument(help: "The file, of a graph that of the nodes; - for standard input.") var file: String
    @Option(help: "csv, tsv, ndjson or json; by the end of the file's name by default.") var format: ImportFormat?
    @Option(help: "The columns of a file without a header, separated by commas.") var columns: String?
    @Option(help: "theirs=ours: what a column becomes; '!theirs=ours' turns true and false round. May be repeated.")
    var map: [String] = []
    @Option(help: "ours=value: what no column says, for example currency=USD. May be repeated.") var set: [String] = []
    @Option(help: "A CSV file with the lines of the orders.") var lines: String?
    @Option(help: "The column that joins --lines with the orders; the first of its columns by default.")
    var join: String?
    @Option(help: "Where rejected rows go; FILE.rejected.csv by default.") var rejects: String?
    @OptionGroup(title: "Entities and interactions") var recommendations: RecommendationFileOptions
    @OptionGroup(title: "Graphs") var graph: GraphFileOptions
    @OptionGroup var target: TargetOptions

    func validate() throws {
        if case .graph = kind { try graph.validate(beside: file) } else { try graph.requireNone() }
        if case .rows(let kind) = kind {
            try recommendations.validate(for: kind)
        } else {
            try recommendations.validate(for: nil)
            if columns != nil {
                throw ValidationError("A graph has --node-columns and --edge-columns, memories have none.")
            }
        }
    }

    func run() async throws {
        switch kind {
        case .rows(let kind): try await run(kind)
        case .memories: try await importMemories()
        case .graph: try await importGraph()
        }
    }

    private func importMemories() async throws {
        let client = try target.client()
        let rejected = rejects ?? "\(file == "-" ? "stdin" : file).rejected.csv"
        let bar = ProgressBar()
        defer { bar.clear() }
        var job = try PointImport(file, rejects: rejected, to: client) {
            bar.show($0)
        } reject: {
            bar.tell("line \($0): \($1)")
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
        request.columns = columns?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        request.hasBaskets = recommendations.baskets
        request.recommendations = recommendations.defaults
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
        try Self.requireNoRejects([(summary, rejectedRowsPath)])
    }

    /// - throws: ``Failure`` `rows_rejected` that says where rejected rows are.
    static func requireNoRejects(_ files: [(summary: ImportSummary, rejects: String)]) throws {
        let rejects = files.filter { $0.summary.rejected > 0 }
        guard !rejects.isEmpty else { return }
        let paths = rejects.map(\.rejects).joined(separator: " and ")
        throw Failure(
            .invalid, code: "rows_rejected",
            "\(rejects.reduce(0) { $0 + $1.summary.rejected }) rows were rejected; \(paths) has each with its line "
                + "and reason.")
    }

    private static func fields(_ what: String, _ fields: [ImportField]) -> String {
        let names = fields.map { "  \($0.name): \($0.summary)" }
        return "What \(what) may have:\n" + names.joined(separator: "\n")
    }
}
