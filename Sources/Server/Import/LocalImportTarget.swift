import API
import ChangeLog
import Commerce
public import Core
import Recommendations

/// The files of a server that does not run as the target of an import. The services of the roles do the work, as they
/// do for the bulk routes.
public struct LocalImportTarget: ImportTarget {
    private let store: Store
    private let context: ChangeContext

    /// The files of a server, as a tenant sees them.
    public init(_ store: Store, tenant: Tenant = .first) {
        self.store = store
        context = ChangeContext(tenant: tenant, actor: "import")
    }

    public func write(_ rows: [JSONObject], of kind: ImportKind) async throws -> [ImportOutcome] {
        if kind.isForRecommendations { return try await writeForRecommendations(rows.map(JSONValue.object), kind) }
        let commerce = store.commerce
        let body = kind.body(rows)
        let answer = try await store.log.write(context) { unit in
            switch kind {
            case .products:
                let bulk = try JSONFields.read(body) { try Bulk(products: &$0) }
                return JSONWriter.bytes(of: try commerce.products.upsert(bulk, in: unit))
            case .customers:
                let bulk = try JSONFields.read(body) { fields in
                    try Bulk(&fields, rows: kind.member, count: Customers.bulkRows) { CustomerPatch(&$0) }
                }
                return JSONWriter.bytes(of: try commerce.customers.upsert(bulk, in: unit))
            case .orders:
                let permissions = OrderDraft.Permissions(setsPrices: true, importsHistory: true)
                let bulk = try JSONFields.read(body) { fields in
                    try Bulk(&fields, rows: kind.member, count: OrderLimits.bulk) { OrderDraft(&$0, permissions) }
                }
                return JSONWriter.bytes(of: try commerce.orders.takeOver(bulk, in: unit))
            case .inventory:
                let bulk = try JSONFields.read(body) { fields in
                    try Bulk(&fields, rows: kind.member, count: StockLimits.adjustments) { StockCount(&$0) }
                }
                return JSONWriter.bytes(of: try commerce.inventory.count(bulk, in: unit))
            case .entities, .interactions: throw Failure.internal("Rows of recommendations are written elsewhere.")
            }
        }.value
        guard case .object(let object) = try JSONParser.parse(answer), case .array(let results)? = object["results"]
        else { throw Failure.internal("A bulk answered without results.") }
        return try results.map(HTTPImportTarget.outcome)
    }

    private func writeForRecommendations(_ rows: [JSONValue], _ kind: ImportKind) async throws -> [ImportOutcome] {
        let (items, interactions) = (Items(), Interactions())
        let answer = try await store.log.write(context) { unit in
            kind == .entities
                ? try RecommendationRows.write(entities: rows, to: items, in: unit)
                : try RecommendationRows.write(interactions: rows, to: interactions, items, in: unit)
        }.value
        guard case .object(let object) = try JSONParser.parse(answer) else {
            throw Failure.internal("A bulk answered no object.")
        }
        return try HTTPImportTarget.outcomes(object, of: rows.count)
    }
}
