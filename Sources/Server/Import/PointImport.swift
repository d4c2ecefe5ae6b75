import Core

/// Leads the lines of a file of points to a server, batch by batch: an export of a collection, or memories.
///
/// To import a file twice is the same as once.
public struct PointImport {
    private var lines: LineReader
    private var sender: BatchSender

    /// Opens a file.
    ///
    /// - parameters:
    ///   - rejects: where lines go that are not acceptable.
    ///   - progress: called after each batch.
    ///   - reject: called for each line that is not acceptable.
    /// - throws: ``Failure`` `file_unreadable`.
    public init(
        _ path: String, rejects: String, to client: ServerClient,
        progress: @escaping (ImportProgress) -> Void = { _ in },
        reject: @escaping (_ line: Int, _ reason: String) -> Void = { _, _ in }
    ) throws {
        let input = try ImportInput(path)
        lines = LineReader(input)
        sender = BatchSender(
            client, PointRoute(), input, rejectedRows: RejectedRows(path: rejects, columns: nil),
            BatchSender.Reports(progress: progress, reject: reject))
    }

    /// Sends every line.
    ///
    /// - throws: what the server fails with. What it has written by then stays, and a second run writes the same again.
    public mutating func run() async throws -> ImportSummary {
        while let line = try lines.next() {
            try await sender.take(line, line.value, size: line.bytes?.count ?? 0)
        }
        return try await sender.finish()
    }
}

/// Where lines of points go.
private struct PointRoute: BatchRoute {
    let path = "/api/v1/collections/import"
    let member = "lines"

    func add(_ answer: JSONObject, of count: Int, to summary: inout ImportSummary) {
        summary.written += answer["points"]?.importText.flatMap { Int($0) } ?? 0
    }
}

extension LineReader.Line: ImportedRow {
    /// How many bytes of a line stand in the file of rejected ones.
    private static let shownBytes = 4_096

    var line: Int { number }

    var fields: [String] {
        guard let bytes else { return [""] }
        let isWhole = bytes.count <= Self.shownBytes
        let text = String(decoding: bytes.prefix(Self.shownBytes), as: UTF8.self)
        return [isWhole ? text : text + "…"]
    }

    /// The JSON of the line, or what is wrong with it.
    fileprivate var value: Result<JSONValue, RowProblem> {
        guard let bytes else {
            return .failure(RowProblem("the line has more than \(LineReader.lengthLimit) bytes"))
        }
        do {
            return .success(try JSONParser.parse(bytes))
        } catch {
            return .failure(RowProblem((error as? Failure)?.rowReason ?? "\(error)"))
        }
    }
}
