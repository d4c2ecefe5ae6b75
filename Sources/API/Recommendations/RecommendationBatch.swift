import ChangeLog
import Core
import Recommendations

/// Many rows of one kind, of which each acceptable one takes effect.
struct RecommendationBatch<Row: Sendable>: Sendable {
    /// The rows that are acceptable.
    let accepted: [Row]
    private let count: Int
    private let errors: [RecommendationBatchResult.RowError]

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
        var accepted: [Row] = []
        var errors: [RecommendationBatchResult.RowError] = []
        for (index, value) in values.enumerated() {
            do {
                accepted.append(try JSONFields.read(value, read))
            } catch let failure as Failure {
                errors.append(.init(index: index, failure: failure))
            }
        }
        (self.accepted, self.errors, count) = (accepted, errors, values.count)
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
}

extension RecommendationBatch where Row == InteractionDraft {
    /// Writes the rows that are acceptable with the items that they bring along, and says what became of all.
    func write(to interactions: Interactions, _ items: Items, in unit: UnitOfWork) throws -> [UInt8] {
        try items.addMissing(accepted.filter(\.bringsItem).map(\.item), in: unit)
        try interactions.add(accepted, in: unit)
        return result(in: unit)
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
