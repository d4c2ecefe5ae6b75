import ChangeLog
public import Core
import Storage

/// What happens to the other rows of a bulk request when one is refused.
public enum BulkMode: String, CaseIterable, Sendable {
    /// All rows take effect, or none does.
    case atomic
    /// Each acceptable row takes effect.
    case perRow = "per_row"
}

/// Many rows of one kind, to be written in one unit of work.
public struct Bulk<Row: Sendable>: Sendable {
    /// What happens to the other rows when one is refused.
    public let mode: BulkMode
    /// The rows, or what is wrong with them.
    public let rows: [Result<Row, Failure>]

    /// Rows in code.
    public init(mode: BulkMode = .atomic, rows: [Row]) {
        self.mode = mode
        self.rows = rows.map { .success($0) }
    }

    /// Reads the members of a bulk request: `mode`, and the rows under a name.
    ///
    /// - parameter count: how many rows there may be.
    public init(
        _ fields: inout JSONFields, rows name: String, count: ClosedRange<Int>,
        _ read: (inout JSONFields) throws -> Row
    ) throws {
        mode = fields.optionalChoice("mode", BulkMode.self) ?? .atomic
        fields.require(name)
        rows = try (fields.optionalValues(name, count: count) ?? []).map { value in
            do {
                return .success(try JSONFields.read(value, read))
            } catch let failure as Failure {
                return .failure(failure)
            }
        }
    }

    /// Writes each row.
    ///
    /// - parameter write: writes one row; when it throws it has written nothing of it.
    /// - throws: in mode `atomic`, ``Failure`` `bulk_rejected` with what is wrong with each refused row.
    func write(
        _ name: String, in unit: UnitOfWork, _ write: (Row) throws -> BulkResult.Outcome
    ) throws -> BulkResult {
        try result(
            name,
            rows.map { row in
                do {
                    return try unit.transaction.attempt { try write(row.get()) }
                } catch let failure as Failure where [.invalid, .conflict, .notFound].contains(failure.kind) {
                    return .rejected(failure)
                }
            })
    }

    /// The result of the outcomes of its rows.
    ///
    /// - throws: in mode `atomic`, ``Failure`` `bulk_rejected` with what is wrong with each refused row.
    func result(_ name: String, _ outcomes: [BulkResult.Outcome]) throws -> BulkResult {
        let result = BulkResult(outcomes: outcomes)
        if mode == .atomic, result.count("rejected") > 0 { throw result.failure(of: name) }
        return result
    }
}

/// What became of the rows of a bulk request.
public struct BulkResult: Sendable {
    /// What became of one row.
    public enum Outcome: Sendable {
        case created(Identifier, version: Int64)
        case updated(Identifier, version: Int64)
        case unchanged(Identifier, version: Int64)
        case rejected(Failure)

        /// The outcome in a word.
        public var name: String {
            switch self {
            case .created: "created"
            case .updated: "updated"
            case .unchanged: "unchanged"
            case .rejected: "rejected"
            }
        }
    }

    /// The outcomes in the order of the rows.
    public let outcomes: [Outcome]

    /// How many errors of a refused bulk are told.
    private static let errorLimit = 100

    /// How many rows had an outcome of some name.
    public func count(_ name: String) -> Int {
        outcomes.count { $0.name == name }
    }

    /// The failure of a bulk of which nothing takes effect, with pointers into the whole body.
    fileprivate func failure(of name: String) -> Failure {
        var errors: [Failure.FieldError] = []
        for (index, outcome) in outcomes.enumerated() {
            guard case .rejected(let failure) = outcome else { continue }
            if failure.errors.isEmpty {
                errors.append(.init(pointer: "/\(name)/\(index)", message: "\(failure.code): \(failure.message)"))
            }
            errors += failure.errors.map { .init(pointer: "/\(name)/\(index)\($0.pointer)", message: $0.message) }
        }
        return Failure(
            .invalid, code: "bulk_rejected",
            "\(count("rejected")) rows are not acceptable, so none took effect; see errors, or send mode per_row.",
            errors: Array(errors.prefix(Self.errorLimit)))
    }
}

extension BulkResult: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("created", count("created"))
            json.member("updated", count("updated"))
            json.member("unchanged", count("unchanged"))
            json.member("rejected", count("rejected"))
            json.key("results")
            json.array { json in
                for (index, outcome) in outcomes.enumerated() { Self.write(outcome, at: index, to: &json) }
            }
        }
    }

    private static func write(_ outcome: Outcome, at index: Int, to json: inout JSONWriter) {
        json.object { json in
            json.member("index", index)
            json.member("status", outcome.name)
            switch outcome {
            case .created(let id, let version), .updated(let id, let version), .unchanged(let id, let version):
                json.member("id", id)
                json.member("version", version)
            case .rejected(let failure):
                json.member("code", failure.code)
                json.member("message", failure.message)
                json.member("errors", array: failure.errors)
                for detail in failure.details {
                    json.key(named: detail.name)
                    json.value(detail.value)
                }
            }
        }
    }
}
