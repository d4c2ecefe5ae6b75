import Core

/// A row of a file, as the file of rejected rows shows it.
protocol ImportedRow {
    /// The line that it begins on, from 1.
    var line: Int { get }
    /// The row as it stands in the file.
    var fields: [String] { get }
}

/// Sends the rows of a file to a running server, batch by batch.
///
/// Each batch is written as a whole or not at all. Rows that are not acceptable are told of and left out, and the rest
/// of their batch is sent again; a batch that is too large is halved.
struct BatchSender {
    /// How many rows a batch has at most, and after how many bytes no further one goes into it.
    private static let (rowsAtOnce, bytesAtOnce) = (500, 4 << 20)

    /// What is told of an import while it runs.
    struct Reports {
        /// Called after each batch.
        let progress: (ImportProgress) -> Void
        /// Called for each row that is not acceptable.
        let reject: (_ line: Int, _ reason: String) -> Void
    }

    private struct Pending {
        let row: any ImportedRow
        let value: JSONValue
    }

    private let client: ServerClient
    private let route: any BatchRoute
    private let input: ImportInput
    private let rejectedRows: RejectedRows
    private let reports: Reports
    private var pending: [Pending] = []
    private var pendingBytes = 0
    private var pendingKeys: Set<String> = []
    /// What has become of the rows so far.
    private(set) var summary = ImportSummary()

    /// - parameters:
    ///   - input: the file, which tells how much of it is read.
    ///   - rejectedRows: where rows go that are not acceptable.
    init(
        _ client: ServerClient, _ route: any BatchRoute, _ input: ImportInput, rejectedRows: RejectedRows,
        _ reports: Reports
    ) {
        self.client = client
        self.route = route
        self.input = input
        self.rejectedRows = rejectedRows
        self.reports = reports
    }

    /// Takes the next row of the file, and sends a batch when there are enough.
    ///
    /// - parameter value: what is sent of the row, or what is wrong with it.
    /// - throws: what the server fails with. What it has written by then stays.
    mutating func take(_ row: any ImportedRow, _ value: Result<JSONValue, RowProblem>, size: Int) async throws {
        summary.read += 1
        switch value {
        case .failure(let problem): try reject(row, problem.reason)
        case .success(let value):
            // What a file says twice is written one after the other, so that the later counts.
            if let key = route.key(of: value), !pendingKeys.insert(key).inserted {
                try await flush()
                pendingKeys = [key]
            }
            pending.append(Pending(row: row, value: value))
            pendingBytes += size
        }
        if pending.count == Self.rowsAtOnce || pendingBytes >= Self.bytesAtOnce { try await flush() }
    }

    /// Sends what is left.
    mutating func finish() async throws -> ImportSummary {
        try await flush()
        try rejectedRows.close()
        return summary
    }

    private mutating func flush() async throws {
        let batch = pending
        (pending, pendingBytes, pendingKeys) = ([], 0, [])
        try await send(batch)
        reports.progress(ImportProgress(rows: summary.read, bytes: input.position, totalBytes: input.size))
    }

    private mutating func send(_ batch: [Pending]) async throws {
        var batch = batch
        while !batch.isEmpty {
            let rows = batch.map(\.value)
            do {
                let body = JSONObject([.init(route.member, .array(rows))])
                let answer = try await client.json("POST", route.path, .object(body))
                return route.add(answer, of: rows.count, to: &summary)
            } catch let failure as Failure {
                switch route.blame(failure, among: rows) {
                case .none: throw failure
                case .rows(let reasons):
                    for (index, reason) in reasons.sorted(by: { $0.key < $1.key }) {
                        try reject(batch[index].row, reason)
                    }
                    batch = batch.indices.filter { reasons[$0] == nil }.map { batch[$0] }
                case .unknown:
                    guard batch.count > 1 else { return try reject(batch[0].row, failure.rowReason) }
                    let middle = batch.count / 2
                    try await send(Array(batch[..<middle]))
                    batch.removeFirst(middle)
                }
            }
        }
    }

    private mutating func reject(_ row: any ImportedRow, _ reason: String) throws {
        summary.rejected += 1
        reports.reject(row.line, reason)
        try rejectedRows.write(line: row.line, reason: reason, fields: row.fields)
    }
}
