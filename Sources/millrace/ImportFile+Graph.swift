import ArgumentParser
import Server

/// What an import of a graph has besides what every import has.
struct GraphFileOptions: ParsableArguments {
    @Argument(help: "The file of the edges.") var edges: String?
    @Flag(help: "The one file that is named has edges.") var edgesOnly = false
    @Option(help: "The columns of a file of nodes without a header, separated by commas.") var nodeColumns: String?
    @Option(help: "The columns of a file of edges without a header, separated by commas.") var edgeColumns: String?
    @Option(help: "The group_id of what has none.") var group: String?
    @Option(help: "Where rejected edges go; EDGES.rejected.csv by default.") var edgeRejects: String?

    /// Looks that it fits the file that is named first.
    func validate(beside file: String) throws {
        if edgesOnly, edges != nil { throw ValidationError("With --edges-only name one file.") }
        if edges == "-", file == "-" {
            throw ValidationError("Standard input has the nodes or the edges, not both.")
        }
    }

    /// Looks that nothing is said of a graph where none is imported.
    func requireNone() throws {
        if edgesOnly || [edges, nodeColumns, edgeColumns, group, edgeRejects].contains(where: { $0 != nil }) {
            throw ValidationError("Only a graph has a second file and options for it.")
        }
    }
}

extension ImportFile {
    /// How many rejected rows of a file are told of at most: many edges to nodes that are not there are ordinary.
    private static let toldLimit = 20

    func importGraph() async throws {
        let client = try target.client()
        let bar = ProgressBar()
        defer { bar.clear() }
        // Both files are opened before anything is written.
        var jobs = try requests().map { request in
            let what = request.rows.rawValue
            var told = 0
            let job = try GraphImport(request, to: client) {
                bar.show($0, what: what)
            } reject: {
                told += 1
                guard told <= Self.toldLimit else { return }
                bar.tell("\(what), line \($0): \($1)" + (told == Self.toldLimit ? " (and so on)" : ""))
            }
            return (request: request, job: job)
        }
        var results: [(summary: ImportSummary, rejects: String)] = []
        for index in jobs.indices {
            let summary = try await jobs[index].job.run()
            bar.clear()
            print("\(jobs[index].request.rows.rawValue): \(summary.text)")
            results.append((summary, jobs[index].request.rejectedRowsPath))
        }
        try Self.requireNoRejects(results)
    }

    /// The files, in the order in which they are written: an edge needs its nodes.
    private func requests() -> [GraphImport.Request] {
        let files: [(rows: GraphRows, path: String?)] =
            graph.edgesOnly ? [(.edges, file)] : [(.nodes, file), (.edges, graph.edges)]
        return files.compactMap { rows, path in
            guard let path else { return nil }
            var request = GraphImport.Request(rows, path: path)
            request.format = format
            let columns = rows == .nodes ? graph.nodeColumns : graph.edgeColumns
            request.columns = columns?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            request.maps = map
            request.constants = set
            request.group = graph.group
            request.rejectsPath = rows == .nodes ? rejects : graph.edgeRejects ?? (graph.edgesOnly ? rejects : nil)
            return request
        }
    }
}
