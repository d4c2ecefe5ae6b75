import ChangeLog
import Core
import Recommendations

/// Many rows of one kind, of which each acceptable one takes effect.
struct RecommendationBatch<Row: Sendable>: Sendable {
    /// The rows that are acceptable, and where they stand.
    private var rows: [(index: Int, row: Row)] = []
    private let count: Int
    private var errors: [RecommendationBatchResult.RowError] = []

    /// The rows that are acceptable.
    var accepted: [Row] { rows.map(\.row) }

    /// How many rows a request has at most.
    static var limit: Int { 10_000 }

    /// Reads the rows that stand under a name.
    init(_ request: APIRequest, rows name: String, _ read: (inout JSONFields) throws -> Row) throws {
        let values = try request.readBody { fields in
            fields.recommendationTenant(request.tenant)
            fields.requireValue(name)
            return fields.optionalValues(name, count: 1...Self.limit) ?? []
        }
        try self.init(values, read)
    }

    /// Reads rows.
    init(_ values: [JSONValue], _ read: (inout JSONFields) throws -> Row) throws {
        count = values.count
        for (index, value) in values.enumerated() {
            do {
                rows.append((index, try JSONFields.read(value, read)))
            } catch let failure as Failure {
                errors.append(.init(index: index, failure: failure))
            }
        }
    }

    /// Without the rows for which there is no room.
    ///
    /// - parameter take: takes the room of a row.
    func admitted(_ take: (Row) throws(Failure) -> Void) -> Self {
        var batch = self
        batch.rows = []
        for (index, row) in rows {
            do {
                try take(row)
                batch.rows.append((index, row))
            } catch {
                batch.errors.append(.init(index: index, failure: error))
            }
        }
        batch.errors.sort { $0.index < $1.index }
        return batch
    }

    /// What became of them, as JSON.
    private func result(in unit: UnitOfWork) -> [UInt8] {
        JSONWriter.bytes(of: RecommendationBatchResult(id: unit.makeIdentifier(), total: count, errors: errors))
    }
}

extension RecommendationBatch where Row == ItemDraft {
    /// Writes the rows that are acceptable, and says what became of all.
    func write(to items: Items, in unit: UnitOfWork) throws -> [UInt8] {
        try items.put(accepted, in: unit)
        return result(in: unit)
    }

    /// Writes the rows that are acceptable and for which their tenant has room.
    func write(to role: RecommendationsRole, in unit: UnitOfWork) throws -> [UInt8] {
        var room = role.quotas.room(of: unit.tenant, forRows: accepted.count)
        let batch = admitted { row throws(Failure) in try room.take(row.key) }
        return try batch.write(to: role.items, in: unit)
    }
}

extension RecommendationBatch where Row == InteractionDraft {
    /// Writes the rows that are acceptable with the items that they bring along, and says what became of all.
    func write(to interactions: Interactions, _ items: Items, in unit: UnitOfWork) throws -> [UInt8] {
        try items.addMissing(accepted.filter(\.bringsItem).map(\.item), in: unit)
        try interactions.add(accepted, in: unit)
        return result(in: unit)
    }

    /// Writes the rows that are acceptable and for which their tenant has room.
    func write(to role: RecommendationsRole, in unit: UnitOfWork) throws -> [UInt8] {
        var room = role.quotas.room(of: unit.tenant, forRows: accepted.count)
        let batch = admitted { row throws(Failure) in try room.take(row) }
        return try batch.write(to: role.interactions, role.items, in: unit)
    }
}

/// What became of many rows. All of it is done by the time that it is answered, so there is no job to ask for.
struct RecommendationBatchResult: JSONEncodable {
    struct RowError {
        let index: Int
        let failure: Failure
    }

    let id: Identifier
    let total: Int
    let errors: [RowError]

    /// How many errors are told: of a batch of an import all.
    private static let errorLimit = RecommendationRows.limit

    private var status: String {
        if errors.isEmpty { return "completed" }
        return errors.count == total ? "failed" : "partially_completed"
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("job_id", id)
            json.member("status", status)
            json.member("total_records", total)
            json.member("processed", total)
            json.member("successful", total - errors.count)
            json.member("failed", errors.count)
            json.key("errors")
            json.array { json in
                for error in errors.prefix(Self.errorLimit) {
                    json.object { json in
                        json.member("index", error.index)
                        json.member("code", error.failure.code)
                        json.member("message", error.failure.message)
                        json.member("errors", array: error.failure.errors)
                    }
                }
            }
        }
    }
}
