public import ChangeLog
public import Core
import Storage

/// Many orders that were made elsewhere, to be taken over as they are.
public struct OrderBulk: Sendable {
    let rows: [Result<OrderDraft, Failure>]

    /// Reads the member `orders`. What is wrong with a row goes into the result, not into a failure of the whole.
    public init(_ fields: inout JSONFields) throws {
        if !fields.has("orders") { fields.reject("orders", "This member is required.") }
        rows = try (fields.optionalValues("orders", count: OrderLimits.bulk) ?? []).map { value in
            do {
                return .success(
                    try JSONFields.read(value) { OrderDraft(&$0, .init(setsPrices: true, importsHistory: true)) })
            } catch let failure as Failure {
                return .failure(failure)
            }
        }
    }
}

/// What became of the rows of a bulk request of orders.
public struct OrderBulkResult: Sendable, JSONEncodable {
    /// What became of one row.
    public enum Outcome: Sendable {
        case created(id: Identifier, number: String)
        /// There is an order with its number or external id already; it stays as it is.
        case unchanged(id: Identifier, number: String)
        case rejected(Failure)
    }

    /// The outcomes in the order of the rows.
    public internal(set) var outcomes: [Outcome] = []

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("created", outcomes.count { if case .created = $0 { true } else { false } })
            json.member("unchanged", outcomes.count { if case .unchanged = $0 { true } else { false } })
            json.member("rejected", outcomes.count { if case .rejected = $0 { true } else { false } })
            json.key("results")
            json.array { json in
                for (index, outcome) in outcomes.enumerated() { outcome.write(to: &json, at: index) }
            }
        }
    }
}

extension OrderBulkResult.Outcome {
    fileprivate func write(to json: inout JSONWriter, at index: Int) {
        json.object { json in
            json.member("index", index)
            switch self {
            case .created(let id, let number):
                json.member("status", "created")
                json.member("id", id)
                json.member("order_number", number)
            case .unchanged(let id, let number):
                json.member("status", "unchanged")
                json.member("id", id)
                json.member("order_number", number)
            case .rejected(let failure):
                json.member("status", "rejected")
                json.member("code", failure.code)
                json.member("message", failure.message)
                json.key("errors")
                json.array { json in
                    for error in failure.errors {
                        json.object { json in
                            json.member("pointer", error.pointer)
                            json.member("message", error.message)
                        }
                    }
                }
            }
        }
    }
}

extension Orders {
    /// Takes over orders that were made elsewhere. They set no stock aside. One that is here already, by its number or
    /// its external id, stays as it is, so a bulk request can be repeated.
    public func takeOver(_ bulk: OrderBulk, in unit: UnitOfWork) throws -> OrderBulkResult {
        var result = OrderBulkResult()
        for row in bulk.rows {
            result.outcomes.append(try takeOver(row, in: unit))
        }
        return result
    }

    private func takeOver(
        _ row: Result<OrderDraft, Failure>, in unit: UnitOfWork
    ) throws -> OrderBulkResult.Outcome {
        do {
            var draft = try row.get()
            draft.reservesStock = false
            if let (id, number) = try known(draft, in: unit) { return .unchanged(id: id, number: number) }
            // An order fails before its first statement that writes, so a refused row leaves nothing behind.
            let order = try create(draft, in: unit)
            return .created(id: order.id, number: order.number)
        } catch let failure as Failure where failure.kind != .internal && failure.kind != .unavailable {
            return .rejected(failure)
        }
    }

    private func known(_ draft: OrderDraft, in unit: UnitOfWork) throws -> (Identifier, String)? {
        var found: (Identifier, String)?
        if let number = draft.history?.number {
            found = try unit.transaction.first(
                "SELECT id, order_number FROM orders WHERE tenant = \(unit.tenant) AND order_number = \(number)"
            ) { (try $0.identifier(0), $0.text(1)) }
        }
        if found == nil, let externalID = draft.externalID {
            found = try unit.transaction.first(
                "SELECT id, order_number FROM orders WHERE tenant = \(unit.tenant) AND external_id = \(externalID)"
            ) { (try $0.identifier(0), $0.text(1)) }
        }
        return found
    }
}
