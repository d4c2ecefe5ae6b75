public import Core
public import Storage

extension Orders {
    /// An order with its lines.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(_ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Order {
        let query: SQL = "SELECT \(Order.columns) FROM orders WHERE tenant = \(tenant) AND id = \(id)"
        try transaction.announce([query, Self.lines(of: id, tenant)])
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

    /// The orders of some identifiers with their lines, of those that there are.
    func load(_ ids: [Identifier], of tenant: Tenant, in transaction: any ReadTransaction) throws -> [Order] {
        var orders = try transaction.rows(
            "SELECT \(Order.columns) FROM orders WHERE tenant = \(tenant) AND id = \(each: ids)", Order.init(row:))
        try addLines(to: &orders, orders.count, tenant, in: transaction)
        return orders
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
        let query = OrderListQuery(filter, tenant, found: try matches(of: filter.search, tenant, in: transaction))
        let total = page.countsTotal ? try transaction.first(query.count) { $0.integer(0) } : nil
        var orders = try transaction.rows(query.page(page), Order.init(row:))
        if filter.includesLines { try addLines(to: &orders, page.limit, tenant, in: transaction) }
        return Page(fetched: orders, page, total: total) { filter.sort.cursor($0) }
    }

    /// The orders whose number or external identifier begins with a text, or nil when those are too many to begin with.
    private func matches(
        of search: String?, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [Identifier]? {
        guard let search else { return nil }
        let end = search + "\u{10FFFF}"
        let found = try transaction.rows(
            """
            SELECT id FROM (SELECT id FROM orders
                WHERE tenant = \(tenant) AND order_number >= \(search) AND order_number < \(end)
                LIMIT \(OrderListQuery.matchLimit + 1)) AS numbers
            UNION
            SELECT id FROM (SELECT id FROM orders
                WHERE tenant = \(tenant) AND external_id >= \(search) AND external_id < \(end)
                LIMIT \(OrderListQuery.matchLimit + 1)) AS names
            """
        ) { try $0.identifier(0) }
        return found.count <= OrderListQuery.matchLimit ? found : nil
    }

    private func lines(
        of order: Order, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [OrderLine] {
        try transaction.rows(Self.lines(of: order.id, tenant)) { try OrderLine(row: $0, currency: order.currency) }
    }

    private static func lines(of order: Identifier, _ tenant: Tenant) -> SQL {
        "SELECT \(OrderLine.columns) FROM order_lines WHERE tenant = \(tenant) AND order_id = \(order) ORDER BY id"
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
            WHERE tenant = \(tenant) AND order_id = \(each: orders.prefix(limit).map(\.id))
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
