import ChangeLog
import Core
import HTTPTypes
import Recommendations
import Storage

extension RecommendationRoutes {
    /// All that recommendations are made of, as files. What comes is sent as it is read, however much there is.
    func exporting() -> [Route] {
        [exportingEntities(), exportingInteractions(), exportingUsers()]
    }

    private func exportingEntities() -> Route {
        let columns = [
            "entity_id", "entity_type", "attributes", "tenant_id", "created_at", "updated_at", "available",
        ]
        return exporting("entities", columns) { request, query in
            let type = query.optionalGraphName("entity_type", length: ItemKey.typeLength)
            let start = query.optionalTimestamp("last_modified_after")
            let tenant = request.tenant
            return ExportedRows(try vectors(&query, of: tenant) { $0.vector(of: $1.key) }) { last, transaction in
                try role.items.page(after: last, limit: Self.itemsAtOnce, of: tenant, type: type, in: transaction)
            } where: { item in
                start.map { item.updatedAt > $0 } ?? true
            }
        }
    }

    private func exportingInteractions() -> Route {
        let columns = [
            "user_id", "entity_id", "interaction_type", "weight", "metadata", "tenant_id", "timestamp", "entity_type",
            "id", "recommendation_id",
        ]
        return exporting("interactions", columns) { request, query in
            let start = query.optionalTimestamp("start_date") ?? Timestamp(microseconds: .min)
            let end = query.optionalTimestamp("end_date") ?? Timestamp(microseconds: .max)
            let tenant = request.tenant
            return ExportedRows { last, transaction in
                try role.interactions.page(after: last, limit: Self.rowsAtOnce, of: tenant, in: transaction)
            } where: { interaction in
                start <= interaction.time && interaction.time <= end
            }
        }
    }

    private func exportingUsers() -> Route {
        let columns = [
            "user_id", "interaction_count", "tenant_id", "last_interaction_at", "created_at", "updated_at",
            "attributes",
        ]
        return exporting("users", columns) { request, query in
            let tenant = request.tenant
            return ExportedRows(try vectors(&query, of: tenant) { $0.vector(ofUser: $1.id) }) { last, transaction in
                try role.users.page(after: last, limit: Self.rowsAtOnce, of: tenant, in: transaction)
            }
        }
    }

    /// The vectors of rows, if the query asks for them.
    private func vectors<Row>(
        _ query: inout QueryReader, of tenant: Tenant,
        _ find: @escaping @Sendable (RecommendationVectors, Row) -> [Float]?
    ) throws -> ExportedVectors<Row>? {
        guard query.optionalBool("include_vectors") ?? false else { return nil }
        return ExportedVectors(vectors: try role.vectors(of: tenant), find: find)
    }

    /// How many items are read at once: each can be large.
    private static let itemsAtOnce = 200
    /// How many rows of other kinds are read at once.
    private static let rowsAtOnce = 1_000

    private func exporting<Row: JSONEncodable & Sendable>(
        _ name: String, _ columns: [String],
        _ decode: @escaping @Sendable (APIRequest, inout QueryReader) throws -> ExportedRows<Row>
    ) -> Route {
        .stream(.get, "\(Self.path)/export/\(name)", scope: Self.read) { request in
            let (format, rows) = try request.readQuery { query in
                query.tenantName(of: request.tenant)
                return (query.optionalChoice("format", ExportFormat.self) ?? .json, try decode(request, &query))
            }
            // What fails before anything is sent is answered as a failure.
            let first = try await rows.page(after: nil, atLeast: request.seenPosition, of: role.log)
            var response = APIResponse.stream(contentType: format.contentType) { writer in
                try await TornStream.guarding {
                    var text = ExportText(
                        format, columns: columns + (rows.vectors == nil ? [] : ExportedVectors<Row>.columns))
                    var page = first
                    while true {
                        try text.append(
                            page.rows.filter(rows.isWanted).map { ExportedRow(row: $0, vectors: rows.vectors) })
                        if page.isLast { text.end() }
                        let bytes = text.take()
                        if !bytes.isEmpty { try await writer.write(bytes) }
                        guard !page.isLast else { return }
                        page = try await rows.page(after: page.rows.last, atLeast: page.position, of: role.log)
                    }
                }
            }
            response.headers[.contentDisposition] = "attachment; filename=\"\(name).\(format.rawValue)\""
            response.position = first.position
            return response
        }
    }
}

/// The vectors of the rows of an export, all of one model.
private struct ExportedVectors<Row: Sendable>: Sendable {
    /// What they are called in a table.
    static var columns: [String] { ["vector", "vector_model"] }

    /// Nil where nothing is known of the tenant.
    let vectors: RecommendationVectors?
    let find: @Sendable (RecommendationVectors, Row) -> [Float]?
}

/// A row with its vector, if that is asked for.
private struct ExportedRow<Row: JSONEncodable & Sendable>: JSONEncodable {
    let row: Row
    let vectors: ExportedVectors<Row>?

    func write(to json: inout JSONWriter) {
        guard let vectors else { return row.write(to: &json) }
        let vector = vectors.vectors.flatMap { vectors.find($0, row) }
        json.object { json in
            json.members(ofRaw: JSONWriter.bytes(of: row))
            json.member("vector", vector.map { JSONValue.array($0.map { .number("\($0)") }) })
            json.member("vector_model", vector == nil ? nil : vectors.vectors?.model)
        }
    }
}

/// How rows are written down.
private enum ExportFormat: String, CaseIterable, Sendable {
    case json, ndjson, csv

    var contentType: String {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8"
        }
    }
}

/// Rows that are read page by page, each on a snapshot of its own, so that a slow client keeps none open.
private struct ExportedRows<Row: Sendable>: Sendable {
    struct Page: Sendable {
        let rows: [Row]
        /// What the snapshot included that it was read on.
        let position: LogPosition
        var isLast: Bool { rows.isEmpty }
    }

    /// The vectors that are wanted with them.
    let vectors: ExportedVectors<Row>?
    /// Reads the rows that come after one.
    let read: @Sendable (Row?, any ReadTransaction) throws -> [Row]
    /// Which of them are wanted. To look for them by the database would leave it how long one page takes.
    let isWanted: @Sendable (Row) -> Bool

    init(
        _ vectors: ExportedVectors<Row>? = nil, _ read: @escaping @Sendable (Row?, any ReadTransaction) throws -> [Row],
        where isWanted: @escaping @Sendable (Row) -> Bool = { _ in true }
    ) {
        (self.vectors, self.read, self.isWanted) = (vectors, read, isWanted)
    }

    func page(after last: Row?, atLeast seen: LogPosition?, of log: ChangeLog) async throws -> Page {
        let answer = try await log.read(atLeast: seen) { try read(last, $0) }
        return Page(rows: answer.value, position: answer.position)
    }
}

/// The text of an export as it comes.
private struct ExportText {
    private let format: ExportFormat
    private let columns: [String]
    private var isBegun = false
    private var bytes: [UInt8]

    init(_ format: ExportFormat, columns: [String]) {
        (self.format, self.columns) = (format, columns)
        bytes =
            switch format {
            case .json: Array("[".utf8)
            case .ndjson: []
            case .csv: Array(CSVWriter.record(columns).utf8)
            }
    }

    mutating func append(_ rows: [some JSONEncodable]) throws {
        for row in rows {
            let json = JSONWriter.bytes(of: row)
            switch format {
            case .json: bytes += Array((isBegun ? ",\n" : "\n").utf8) + json
            case .ndjson: bytes += json + [UInt8(ascii: "\n")]
            case .csv: bytes += try record(of: json)
            }
            isBegun = true
        }
    }

    mutating func end() {
        if format == .json { bytes += Array("\n]\n".utf8) }
    }

    /// What is to be sent now.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    /// Texts stand in a record as they are, anything else as JSON.
    private func record(of json: [UInt8]) throws -> [UInt8] {
        let row = try JSONParser.parse(json)
        let fields = columns.map { column in
            guard case .object(let object) = row, let value = object[column] else { return "" }
            return switch value {
            case .string(let text): text
            case .null: ""
            default: String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
            }
        }
        return Array(CSVWriter.record(fields).utf8)
    }
}
