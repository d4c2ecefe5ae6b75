public import Core

/// Where the rows of an import go: a server, or a data directory that nobody serves.
public protocol ImportTarget: Sendable {
    /// Writes rows, each acceptable one of them durably.
    ///
    /// Writing a row again that is there already changes nothing more.
    ///
    /// - parameter rows: what the bulk route of the kind takes, at most as many as it takes.
    /// - returns: what became of each row, in their order.
    func write(_ rows: [JSONObject], of kind: ImportKind) async throws -> [ImportOutcome]
}

/// What became of a row.
public enum ImportOutcome: Sendable, Equatable {
    /// It is there now, as the file says.
    case written
    /// It was there already.
    case unchanged
    /// It is not acceptable, and why.
    case rejected(String)
}

extension ImportKind {
    /// The member of a bulk request that holds the rows.
    var member: String {
        switch self {
        case .products: "products"
        case .customers: "customers"
        case .orders: "orders"
        case .inventory: "counts"
        case .entities: "entities"
        case .interactions: "interactions"
        }
    }

    /// The body of a bulk request.
    func body(_ rows: [JSONObject]) -> JSONValue {
        let rows = JSONObject.Member(member, .array(rows.map(JSONValue.object)))
        return .object(JSONObject(isForRecommendations ? [rows] : [.init("mode", .string("per_row")), rows]))
    }
}

extension Failure {
    /// Why a row is not acceptable, in one line.
    var rowReason: String {
        guard !errors.isEmpty else { return message }
        return errors.map { $0.pointer.isEmpty ? $0.message : "\($0.pointer.dropFirst()): \($0.message)" }
            .joined(separator: "; ")
    }
}
