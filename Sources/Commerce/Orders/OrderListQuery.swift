import Core
import Storage

/// The statements of a list of orders.
struct OrderListQuery {
    /// How many matches of a search a list begins with; with more, it looks at each order in its own order instead.
    static let matchLimit = 200

    private let filter: OrderFilter
    private let tenant: Tenant
    /// The orders that the search has found; nil when there is none, or when it found too many.
    private let found: [Identifier]?

    init(_ filter: OrderFilter, _ tenant: Tenant, found: [Identifier]?) {
        self.filter = filter
        self.tenant = tenant
        self.found = found
    }

    /// Counts the whole list.
    var count: SQL {
        "SELECT COUNT(*) FROM (SELECT id FROM orders WHERE tenant = \(tenant)\(conditions(filter.statuses))) AS listed"
    }

    /// Reads a page.
    ///
    /// The index of states has the orders of one state in the order of the list, so those of several are merged from as
    /// many short walks; the engine would sort all of them instead.
    func page(_ page: PageRequest) throws -> SQL {
        let source: SQL = "SELECT \(Order.columns) FROM orders WHERE tenant = \(tenant)"
        guard filter.sort == .createdAt, filter.statuses.count > 1, filter.customerID == nil, filter.search == nil
        else {
            let end = try SQL.page(filter.sort.columns, descending: filter.descending, page)
            let all = source + conditions(filter.statuses)
            return found == nil ? all + end : "SELECT \(Order.columns) FROM (\(all)) AS found WHERE 1 = 1" + end
        }
        var merged: SQL = ""
        let walk = PageRequest(limit: page.limit + page.offset, after: page.after)
        for (index, status) in filter.statuses.enumerated() {
            if index > 0 { merged += " UNION ALL " }
            merged += "SELECT id FROM (SELECT id FROM orders WHERE tenant = \(tenant)\(conditions([status]))"
            merged += try SQL.page([.identifier("id")], descending: filter.descending, walk)
            merged += ") AS one_status"
        }
        let rest = PageRequest(limit: page.limit, offset: page.offset)
        let end = try SQL.page([.identifier("id")], descending: filter.descending, rest)
        return source + " AND id IN (\(merged))" + end
    }

    private func conditions(_ statuses: [OrderStatus]) -> SQL {
        // A literal, so that the planner sees that the indexes without archived orders serve.
        var conditions: SQL = filter.isArchived ? " AND is_archived = 1" : " AND is_archived = 0"
        if statuses.count == 1 {
            conditions += " AND status = \(statuses[0].rawValue)"
        } else if !statuses.isEmpty {
            conditions += " AND status IN (\(list: statuses.map(\.rawValue)))"
        }
        if let customer = filter.customerID { conditions += " AND customer_id = \(customer)" }
        // Identifiers ascend with time, so the key serves for times of creation.
        if let from = filter.from {
            conditions += " AND id >= \(Identifier(lowestAt: from)) AND created_at >= \(from)"
        }
        if let to = filter.to {
            let after = Identifier(lowestAt: to.advanced(bySeconds: 1))
            conditions += " AND id < \(after) AND created_at < \(to)"
        }
        if let search = filter.search { conditions += matching(search) }
        return conditions
    }

    private func matching(_ search: String) -> SQL {
        if let found { return " AND id = \(each: found)" }
        let end = search + "\u{10FFFF}"
        return """
             AND ((order_number >= \(search) AND order_number < \(end))
                OR (external_id >= \(search) AND external_id < \(end)))
            """
    }
}

extension OrderFilter.Sort {
    var columns: [SortColumn] {
        switch self {
        case .createdAt: [.identifier("id")]
        case .orderDate: [.integer("ordered_at"), .identifier("id")]
        case .totalAmount: [.integer("total_amount"), .identifier("id")]
        case .orderNumber: [.text("order_number"), .identifier("id")]
        }
    }

    func cursor(_ order: Order) -> [CursorValue] {
        switch self {
        case .createdAt: [.identifier(order.id)]
        case .orderDate: [.integer(order.orderedAt.microseconds), .identifier(order.id)]
        case .totalAmount: [.integer(order.amounts.total.minorUnits), .identifier(order.id)]
        case .orderNumber: [.text(order.number), .identifier(order.id)]
        }
    }
}
