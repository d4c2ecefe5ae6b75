public import Core

/// A running server as the target of an import, through its bulk routes.
public struct HTTPImportTarget: ImportTarget {
    private let client: ServerClient

    /// The server of a client.
    public init(_ client: ServerClient) {
        self.client = client
    }

    public func write(_ rows: [JSONObject], of kind: ImportKind) async throws -> [ImportOutcome] {
        let answer: JSONObject
        do {
            answer = try await client.json("POST", kind.route, kind.body(rows))
        } catch let failure as Failure where failure.kind == .tooLarge && rows.count > 1 {
            // Half of the rows are half of the body.
            let middle = rows.count / 2
            let first = try await write(Array(rows[..<middle]), of: kind)
            return first + (try await write(Array(rows[middle...]), of: kind))
        }
        if kind.isForRecommendations { return try Self.outcomes(answer, of: rows.count) }
        guard case .array(let results)? = answer["results"] else {
            throw Failure(.internal, code: "unexpected_answer", "\(kind.route) answered without results.")
        }
        return try results.map(Self.outcome)
    }

    /// Reads what became of rows, as the bulk routes of recommendations tell it: of those that were not acceptable.
    static func outcomes(_ answer: JSONObject, of count: Int) throws -> [ImportOutcome] {
        var outcomes = Array(repeating: ImportOutcome.written, count: count)
        guard case .array(let errors)? = answer["errors"], case .number(let failed)? = answer["failed"],
            errors.count == Int(failed)
        else {
            throw Failure(.internal, code: "unexpected_answer", "A bulk route answered without its errors.")
        }
        for case .object(let error) in errors {
            guard case .number(let digits)? = error["index"], let index = Int(digits), index < count else { continue }
            outcomes[index] = .rejected(Self.reason(error))
        }
        return outcomes
    }

    private static func reason(_ result: JSONObject) -> String {
        guard case .array(let errors)? = result["errors"], !errors.isEmpty else {
            return result["message"]?.importText ?? "The server gave no reason."
        }
        let reasons = errors.map { value -> String in
            guard case .object(let error) = value else { return "" }
            let pointer = error["pointer"]?.importText ?? ""
            let message = error["detail"]?.importText ?? ""
            return pointer.isEmpty ? message : "\(pointer.dropFirst()): \(message)"
        }
        return reasons.joined(separator: "; ")
    }

    /// Reads what became of a row, as every other bulk route tells it.
    static func outcome(_ value: JSONValue) throws -> ImportOutcome {
        guard case .object(let result) = value, case .string(let status)? = result["status"] else {
            throw Failure(.internal, code: "unexpected_answer", "A bulk route answered a result without a status.")
        }
        switch status {
        case "unchanged": return .unchanged
        case "rejected": return .rejected(reason(result))
        default: return .written
        }
    }
}

extension ImportKind {
    /// The bulk route.
    fileprivate var route: String {
        switch self {
        case .products: "/api/v1/products/bulk"
        case .customers: "/api/v1/customers/bulk"
        case .orders: "/api/v1/orders/bulk"
        case .inventory: "/api/v1/inventory/bulk-count"
        case .entities: "/api/v1/entities/bulk"
        case .interactions: "/api/v1/interactions/bulk"
        }
    }
}
