public import Core
public import Storage

/// Which orders a list shows, and in which order.
public struct OrderFilter: Sendable, Hashable {
    /// What a list is sorted by.
    public enum Sort: String, CaseIterable, Sendable {
        case createdAt = "created_at"
        case orderDate = "order_date"
        case totalAmount = "total_amount"
        case orderNumber = "order_number"
    }

    /// Only orders in one of these states; all when empty.
    public var statuses: [OrderStatus] = []
    /// Only orders of a customer.
    public var customerID: Identifier?
    /// Only orders made at or after a moment.
    public var from: Timestamp?
    /// Only orders made before a moment.
    public var to: Timestamp?
    /// Only orders whose number begins so, or whose external id is this.
    public var search: String?
    /// Archived orders instead of the others.
    public var isArchived = false
    /// Whether each order comes with its lines.
    public var includesLines = false
    /// What the list is sorted by.
    public var sort = Sort.createdAt
    /// Whether the last comes first.
    public var descending = true

    /// Every order that is not archived, the newest first.
    public init() {}
}

extension Orders {
    /// An order with its lines.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(_ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Order {
        let query: SQL = "SELECT \(Order.columns) FROM orders WHERE tenant = \(tenant) AND id = \(id)"
        guard var order = try transaction.first(query, Order.init(row:)) else { throw Failure.notFound("order", id) }
        order.lines = try lines(of: order, tenant, in: transaction)
        return order
    }

    /// An order by its number, with its lines.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(number: String, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Order {
        let query: SQL = "SELECT \(Order.columns) FROM orders WHERE tenant = \(tenant) AND order_number = \(number)"
        guard var order = try transaction.first(query, Order.init(row:)) else {
            throw Failure.notFound("order", number)
        }
        order.lines = try lines(of: order, tenant, in: transaction)
        return order
    }

    /// Whether a customer has any order, archived ones counted.
    static func exist(ofCustomer customer: Identifier, of tenant: Tenant, in transaction: any ReadTransaction) throws
        -> Bool
    {
        try transaction.exists(
            "SELECT 1 FROM orders WHERE tenant = \(tenant) AND customer_id = \(customer) LIMIT 1")
    }

    /// A page of the orders that a filter lets through.
    ///
    /// - throws: ``Failure`` `invalid_cursor` when the cursor is of another list.
    public func list(
        _ filter: OrderFilter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Order> {
        let conditions = filter.conditions(tenant)
        var total: Int64?
        if page.countsTotal {
            total = try transaction.first("SELECT COUNT(*) FROM orders \(conditions)") { $0.integer(0) }
        }
        let end = try SQL.page(filter.sort.columns, descending: filter.descending, page)
        var orders = try transaction.rows(
            "SELECT \(Order.columns) FROM orders \(conditions)\(end)", Order.init(row:))
        if filter.includesLines { try addLines(to: &orders, page.limit, tenant, in: transaction) }
        return Page(fetched: orders, page, total: total) { filter.sort.cursor($0) }
    }

    private func lines(
        of order: Order, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [OrderLine] {
        try transaction.rows(
            """
            SELECT \(OrderLine.columns) FROM order_lines WHERE tenant = \(tenant) AND order_id = \(order.id) ORDER BY id
            """
        ) { try OrderLine(row: $0, currency: order.currency) }
    }

    /// Gives the orders of a page their lines, all by one statement.
    private func addLines(
        to orders: inout [Order], _ limit: Int, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws {
        let places = Dictionary(uniqueKeysWithValues: orders.prefix(limit).enumerated().map { ($1.id, $0) })
        for place in places.values { orders[place].lines = [] }
        try transaction.forEachRow(
            """
            SELECT \(OrderLine.columns), order_id FROM order_lines
            WHERE tenant = \(tenant) AND order_id IN (\(list: orders.prefix(limit).map(\.id).paddedForStatement))
            ORDER BY order_id, id
            """
        ) { row in
            guard let place = places[try row.identifier(13)] else { return true }
            let line = try OrderLine(row: row, currency: orders[place].currency)
            orders[place].lines?.append(line)
            return true
        }
    }
}

extension OrderFilter {
    fileprivate func conditions(_ tenant: Tenant) -> SQL {
        // A literal, so that the planner sees that the indexes without archived orders serve.
        var conditions: SQL = isArchived ? "WHERE is_archived = 1" : "WHERE is_archived = 0"
        conditions += " AND tenant = \(tenant)"
        if statuses.count == 1 {
            conditions += " AND status = \(statuses[0].rawValue)"
        } else if !statuses.isEmpty {
            conditions += " AND status IN (\(list: statuses.map(\.rawValue)))"
        }
        if let customerID { conditions += " AND customer_id = \(customerID)" }
        // Identifiers ascend with time, so the key serves for times of creation.
        if let from { conditions += " AND id >= \(Identifier(lowestAt: from)) AND created_at >= \(from)" }
        if let to {
            let after = Identifier(lowestAt: Timestamp(microseconds: to.microseconds + 1_000))
            conditions += " AND id < \(after) AND created_at < \(to)"
        }
        if let search {
            conditions += """
                 AND ((order_number >= \(search) AND order_number < \(search + "\u{10FFFF}")) OR external_id = \(search))
                """
        }
        return conditions
    }
}

extension OrderFilter.Sort {
    fileprivate var columns: [StaticString] {
        switch self {
        case .createdAt: ["id"]
        case .orderDate: ["ordered_at", "id"]
        case .totalAmount: ["total_amount", "id"]
        case .orderNumber: ["order_number", "id"]
        }
    }

    fileprivate func cursor(_ order: Order) -> [CursorValue] {
        switch self {
        case .createdAt: [.identifier(order.id)]
        case .orderDate: [.integer(order.orderedAt.microseconds), .identifier(order.id)]
        case .totalAmount: [.integer(order.amounts.total.minorUnits), .identifier(order.id)]
        case .orderNumber: [.text(order.number), .identifier(order.id)]
        }
    }
}
