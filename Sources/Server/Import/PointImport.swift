public import Core

/// Leads the lines of a file of points to a server, batch by batch: an export of a collection, or memories.
///
/// Each batch is written as a whole or not at all. Lines that are not acceptable are told of and left out, and the rest
/// of their batch is sent again. To import a file twice is the same as once.
public struct PointImport {
    /// How many lines a batch has at most, and after how many bytes no further one goes into it.
    private static let (linesAtOnce, bytesAtOnce) = (500, 4 << 20)
    /// How many bytes of a line stand in the file of rejected ones.
    private static let shownBytes = 4_096
    /// Where lines are sent.
    private static let route = "/api/v1/collections/import"

    private struct Pending {
        let number: Int
        let bytes: [UInt8]
        let value: JSONValue
    }

    private let client: ServerClient
    private let input: ImportInput
    private let rejectedRows: RejectedRows
    private let progress: (ImportProgress) -> Void
    private let tell: (_ line: Int, _ reason: String) -> Void
    private var lines: LineReader
    private var pending: [Pending] = []
    private var pendingBytes = 0
    private var summary = ImportSummary()

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
        self.client = client
        self.progress = progress
        tell = reject
        input = try ImportInput(path)
        lines = LineReader(input)
        rejectedRows = RejectedRows(path: rejects, columns: nil)
    }

    /// Sends every line.
    ///
    /// - throws: what the server fails with. What it has written by then stays, and a second run writes the same again.
    public mutating func run() async throws -> ImportSummary {
        while let line = try lines.next() {
            summary.read += 1
            guard let bytes = line.bytes else {
                try reject(line.number, "the line has more than \(LineReader.lengthLimit) bytes", [])
                continue
            }
            do {
                let value = try JSONParser.parse(bytes)
                pending.append(Pending(number: line.number, bytes: bytes, value: value))
                pendingBytes += bytes.count
            } catch let failure as Failure {
                try reject(line.number, failure.rowReason, bytes)
            }
            if pending.count == Self.linesAtOnce || pendingBytes >= Self.bytesAtOnce { try await flush() }
        }
        try await flush()
        try rejectedRows.close()
        return summary
    }

    private mutating func flush() async throws {
        let batch = pending
        (pending, pendingBytes) = ([], 0)
        try await send(batch)
        progress(ImportProgress(rows: summary.read, bytes: input.position, totalBytes: input.size))
    }

    private mutating func send(_ batch: [Pending]) async throws {
        var batch = batch
        while !batch.isEmpty {
            do {
                let body = JSONObject([.init("lines", .array(batch.map(\.value)))])
                let answer = try await client.json("POST", Self.route, .object(body))
                summary.written += answer["points"]?.importText.flatMap { Int($0) } ?? 0
                return
            } catch let failure as Failure where failure.kind == .tooLarge {
                guard batch.count > 1 else { return try reject(batch[0].number, failure.message, batch[0].bytes) }
                let middle = batch.count / 2
                try await send(Array(batch[..<middle]))
                batch.removeFirst(middle)
            } catch let failure as Failure where failure.kind == .invalid {
                let reasons = Self.reasons(of: failure, count: batch.count)
                // Without a place it is not about the lines, and to leave some out would not help.
                guard !reasons.isEmpty else { throw failure }
                for (index, reason) in reasons.sorted(by: { $0.key < $1.key }) {
                    try reject(batch[index].number, reason, batch[index].bytes)
                }
                batch = batch.indices.filter { reasons[$0] == nil }.map { batch[$0] }
            }
        }
    }

    /// What is wrong with each line, by its place in the batch.
    private static func reasons(of failure: Failure, count: Int) -> [Int: String] {
        var reasons: [Int: String] = [:]
        for error in failure.errors {
            let steps = error.pointer.split(separator: "/")
            guard steps.count >= 2, steps[0] == "lines", let index = Int(steps[1]), index < count else { continue }
            let field = steps.dropFirst(2).joined(separator: "/")
            let reason = field.isEmpty ? error.message : "\(field): \(error.message)"
            reasons[index] = reasons[index].map { "\($0); \(reason)" } ?? reason
        }
        return reasons
    }

    private mutating func reject(_ line: Int, _ reason: String, _ bytes: [UInt8]) throws {
        summary.rejected += 1
        tell(line, reason)
        let isWhole = bytes.count <= Self.shownBytes
        let text = String(decoding: bytes.prefix(Self.shownBytes), as: UTF8.self)
        try rejectedRows.write(line: line, reason: reason, fields: [isWhole ? text : text + "…"])
    }
}
