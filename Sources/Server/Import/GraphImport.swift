import Core
import Knowledge

/// Leads a file of nodes or edges to a server, batch by batch.
///
/// To import a file twice is the same as once: an edge without an id has the one that follows from what it says, and a
/// node without an id that of its name and group. Edges to nodes that are not there are rejected one by one.
public struct GraphImport {
    /// What is imported, from where, and how its columns are read.
    public struct Request: Sendable {
        public var rows: GraphRows
        /// The file; `-` is standard input.
        public var path: String
        /// How it is written; by the end of its name when nil.
        public var format: ImportFormat?
        /// The columns of a file that has no header.
        public var columns: [String]?
        /// `theirs=nodes.ours` and `theirs=edges.ours`, see ``ImportMapping``; those of the other file are passed over.
        public var maps: [String] = []
        /// `nodes.ours=value` and `edges.ours=value`.
        public var constants: [String] = []
        /// The group of rows that name none.
        public var group: String?
        /// Where rejected rows go; next to the file when nil.
        public var rejectsPath: String?

        /// An import of a file whose columns are called what they become.
        public init(_ rows: GraphRows, path: String) {
            self.rows = rows
            self.path = path
        }

        /// Where rejected rows go.
        public var rejectedRowsPath: String { rejectsPath ?? RejectedRows.path(for: path) }
    }

    private let request: Request
    private let converter: ImportConverter
    private var rows: ImportRows
    private var sender: BatchSender
    /// The columns that nobody asked for.
    private let ignoredColumns: [String]

    /// Opens a file and checks its mapping, without writing anything yet.
    ///
    /// - parameters:
    ///   - progress: called after each batch.
    ///   - reject: called for each row that is not acceptable.
    /// - throws: ``Failure`` that tells what is wrong with the file or the mapping.
    public init(
        _ request: Request, to client: ServerClient, progress: @escaping (ImportProgress) -> Void = { _ in },
        reject: @escaping (_ line: Int, _ reason: String) -> Void = { _, _ in }
    ) throws {
        self.request = request
        let input = try ImportInput(request.path)
        rows = try ImportRows(input, request.format ?? ImportFormat(path: request.path), columns: request.columns)
        let mapping = try ImportMapping(
            request.rows, maps: request.maps, constants: request.constants, columns: rows.columns)
        ignoredColumns = mapping.ignoredColumns
        converter = ImportConverter(mapping: mapping, prefix: request.rows.prefix)
        sender = BatchSender(
            client, GraphRoute(rows: request.rows), input,
            rejectedRows: RejectedRows(path: request.rejectedRowsPath, columns: rows.columns),
            BatchSender.Reports(progress: progress, reject: reject))
    }

    /// Sends every row.
    ///
    /// - throws: what the server fails with. What it has written by then stays, and a second run writes the same again.
    public mutating func run() async throws -> ImportSummary {
        while let row = try rows.next() {
            try await sender.take(row, draft(of: row), size: row.fields.reduce(0) { $0 + $1.utf8.count })
        }
        var summary = try await sender.finish()
        summary.ignoredColumns = ignoredColumns
        return summary
    }

    private func draft(of row: ImportRow) -> Result<JSONValue, RowProblem> {
        row.values.flatMap { values in
            do {
                return .success(.object(complete(try converter.draft(of: values).members)))
            } catch {
                return .failure(error as? RowProblem ?? RowProblem("\(error)"))
            }
        }
    }

    /// Adds to a row what follows from the rest of it.
    private func complete(_ draft: JSONObject) -> JSONObject {
        var draft = draft
        if draft["group_id"] == nil, let group = request.group { draft = draft.setting("group_id", .string(group)) }
        guard request.rows == .nodes, draft["uuid"] == nil, case .string(let name)? = draft["name"] else {
            return draft
        }
        let group = if case .string(let group)? = draft["group_id"] { group } else { "" }
        let header = ElementHeader(id: "", group: group, createdAt: Timestamp(microseconds: 0))
        return draft.setting("uuid", .string(GraphNode(header, name: name).idByName))
    }
}
