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
    /// Only orders whose number or external id begins so.
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

    /// A page of a customer's orders.
    ///
    /// - throws: ``Failure`` `not_found` when there is no such customer, `invalid_cursor`.
    public func list(
        ofCustomer customer: Identifier, _ filter: OrderFilter, _ page: PageRequest, of tenant: Tenant,
        in transaction: any ReadTransaction
    ) throws -> Page<Order> {
        guard try customers.exists(customer, of: tenant, in: transaction) else {
            throw Failure.notFound("customer", customer)
        }
        var filter = filter
        filter.customerID = customer
        return try list(filter, page, of: tenant, in: transaction)
    }

    /// A page of the orders that a filter lets through.
    ///
    /// - throws: ``Failure`` `invalid_cursor` when the cursor is of another list.
    public func list(
        _ filter: OrderFilter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Order> {
        var total: Int64?
        if page.countsTotal {
            let count: SQL = "SELECT COUNT(*) FROM orders WHERE tenant = \(tenant)"
            total = try transaction.first(count + filter.conditions(filter.statuses)) { $0.integer(0) }
        }
        var orders = try transaction.rows(filter.query(page, of: tenant), Order.init(row:))
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
    /// The query for a page, and the one that counts the whole list.
    ///
    /// The index of states has the orders of one state in the order of the list, so those of several are merged from as
    /// many short walks; the engine would sort all of them instead.
    fileprivate func query(_ page: PageRequest, of tenant: Tenant) throws -> SQL {
        let source: SQL = "SELECT \(Order.columns) FROM orders WHERE tenant = \(tenant)"
        guard sort == .createdAt, statuses.count > 1, customerID == nil, search == nil else {
            return source + conditions(statuses) + (try SQL.page(sort.columns, descending: descending, page))
        }
        var merged: SQL = ""
        let walk = PageRequest(limit: page.limit + page.offset, after: page.after)
        for (index, status) in statuses.enumerated() {
            if index > 0 { merged += " UNION ALL " }
            merged += "SELECT id FROM (SELECT id FROM orders WHERE tenant = \(tenant)"
            merged += conditions([status])
            merged += try SQL.page(["id"], descending: descending, walk)
            merged += ") AS one_status"
        }
        let rest = PageRequest(limit: page.limit, offset: page.offset)
        return source + " AND id IN (\(merged))" + (try SQL.page(["id"], descending: descending, rest))
    }

    fileprivate func conditions(_ statuses: [OrderStatus]) -> SQL {
        // A literal, so that the planner sees that the indexes without archived orders serve.
        var conditions: SQL = isArchived ? " AND is_archived = 1" : " AND is_archived = 0"
        if statuses.count == 1 {
            conditions += " AND status = \(statuses[0].rawValue)"
        } else if !statuses.isEmpty {
            conditions += " AND status IN (\(list: statuses.map(\.rawValue)))"
        }
        if let customerID { conditions += " AND customer_id = \(customerID)" }
        // Identifiers ascend with time, so the key serves for times of creation.
        if let from { conditions += " AND id >= \(Identifier(lowestAt: from)) AND created_at >= \(from)" }
        if let to {
            let after = Identifier(lowestAt: to.advanced(bySeconds: 1))
            conditions += " AND id < \(after) AND created_at < \(to)"
        }
        if let search {
            let end = search + "\u{10FFFF}"
            conditions += """
                 AND ((order_number >= \(search) AND order_number < \(end))
                    OR (external_id >= \(search) AND external_id < \(end)))
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
