import ChangeLog
import Core
import Storage

extension Orders {
    /// Sets the units of lines aside, all of them or none.
    ///
    /// - throws: ``Failure`` `insufficient_stock` with every line that lacks units.
    func reserve(_ lines: [OrderLine], of order: Identifier, in unit: UnitOfWork) throws {
        let requests = lines.map {
            ReservationRequest(sku: $0.sku, quantity: $0.quantity, orderID: order, orderLineID: $0.id)
        }
        do {
            _ = try inventory.reserve(lines: requests, in: unit)
        } catch let failure as Failure where failure.code == "insufficient_stock" {
            throw try shortage(of: lines, of: order, in: unit) ?? failure
        }
    }

    /// The failure that names every line whose sku there is too little of for all the lines, or nil when there is
    /// enough.
    private func shortage(of lines: [OrderLine], of order: Identifier, in unit: UnitOfWork) throws -> Failure? {
        var available = try freeUnits(of: Set(lines.map(\.sku)), in: unit)
        // What the lines before the failing one took is theirs, and comes back when the unit of work is undone.
        let ids = Set(lines.map(\.id))
        for held in try inventory.reservations(ofOrder: order, of: unit.tenant, in: unit.transaction)
        where held.state == .held && held.orderLineID.map(ids.contains) == true {
            available[held.sku, default: 0] += held.quantity
        }
        let requested = Dictionary(lines.map { ($0.sku, $0.quantity) }, uniquingKeysWith: +)
        let lacking = lines.enumerated().filter { requested[$1.sku, default: 0] > available[$1.sku, default: 0] }
        guard let first = lacking.first?.element else { return nil }
        func facts(_ sku: String) -> [JSONObject.Member] {
            [
                .init("sku", .string(sku)), .init("requested", .integer(requested[sku, default: 0])),
                .init("available", .integer(available[sku, default: 0])),
            ]
        }
        return Failure(
            .conflict, code: "insufficient_stock",
            "There is too little stock for \(lacking.count) of the lines. Order less of them, or send reserve: false.",
            errors: lacking.map { index, line in
                .init(
                    pointer: "/items/\(index)/quantity",
                    message: "\(available[line.sku, default: 0]) of \(line.sku) are available.")
            },
            details: facts(first.sku)
                + [
                    .init(
                        "lines",
                        .array(lacking.map { .object(JSONObject([.init("index", .integer($0))] + facts($1.sku))) }))
                ]
        )
    }

    private func freeUnits(of skus: Set<String>, in unit: UnitOfWork) throws -> [String: Int64] {
        let query: SQL = """
            SELECT b.sku, SUM(b.on_hand - b.reserved)
            FROM balances b JOIN locations l ON l.tenant = b.tenant AND l.code = b.location
            WHERE b.tenant = \(unit.tenant) AND b.sku = \(each: skus.sorted()) AND l.is_active = 1
            GROUP BY b.sku
            """
        return Dictionary(uniqueKeysWithValues: try unit.transaction.rows(query) { ($0.text(0), $0.integer(1)) })
    }
}
