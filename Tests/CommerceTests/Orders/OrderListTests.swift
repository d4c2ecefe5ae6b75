import Commerce
import Core
import Storage
import TestKit
import Testing

/// Lists of random orders against the same lists made by filtering and sorting an array.
@Suite struct OrderListTests {
    /// What a list is chosen and sorted by, of one order.
    private struct Entry: Sendable {
        let id: Identifier
        let number: String
        let externalID: String?
        let status: OrderStatus
        let customer: Identifier?
        let total: Int64
        let orderedAt: Timestamp
        let createdAt: Timestamp
        let isArchived: Bool
    }

    @Test(arguments: TestStore.Engine.allCases)
    func listsAreWhatAnArrayWouldGive(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let shop = try await OrderShop(engine)
        let customers = try await shop.makeCustomers(4)
        let entries = try await Self.makeEntries(250, customers, shop, &random)
        for round in 0..<150 {
            let filter = Self.filter(entries, customers, &random)
            let expected = Self.expected(entries, filter)
            let limit = Int.random(in: 1...60, using: &random)
            let walked = try await Self.walk(filter, limit, shop)
            #expect(walked.map(\.id) == expected.map(\.id), "\(random), round \(round): \(filter)")
            let offset = Int.random(in: 0...260, using: &random)
            let page = try await shop.list(filter, .init(limit: limit, offset: offset, countsTotal: true))
            #expect(page.items.map(\.id) == expected.dropFirst(offset).prefix(limit).map(\.id), "\(random): \(filter)")
            #expect(page.total == Int64(expected.count), "\(random): \(filter)")
            #expect(walked.allSatisfy { ($0.lines != nil) == filter.includesLines })
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func linesComeWithTheirOrdersWhenAskedFor(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine, stock: 100)
        var made: [Order] = []
        for count in [1, 3, 2] {
            let items = ["chai", "tofu", "milk"].prefix(count).map { #"{"sku":"\#($0)","quantity":\#(count)}"# }
            made.append(try await shop.order(#"{"items":[\#(items.joined(separator: ","))]}"#))
        }
        var filter = OrderFilter()
        filter.includesLines = true
        let page = try await shop.list(filter, .init(limit: 2))
        #expect(page.items == [made[2], made[1]])
        let rest = try await shop.list(filter, .init(limit: 2, after: page.next))
        #expect(rest.items == [made[0]] && rest.next == nil)
        filter.includesLines = false
        #expect(try await shop.list(filter, .init()).items.map(\.lines) == [nil, nil, nil])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func newOrdersDoNotDisturbAWalk(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine, stock: 1_000)
        for _ in 0..<10 { _ = try await shop.order(#"{"items":[{"sku":"chai","quantity":1}]}"#) }
        var filter = OrderFilter()
        filter.statuses = [.pending, .cancelled]
        let all = try await shop.list(filter, .init(limit: 100)).items.map(\.id)
        var seen: [Identifier] = []
        var after: [CursorValue]?
        repeat {
            let page = try await shop.list(filter, .init(limit: 3, after: after))
            seen += page.items.map(\.id)
            after = page.next
            _ = try await shop.order(#"{"items":[{"sku":"chai","quantity":1}]}"#)
        } while after != nil
        #expect(seen == all)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func cursorsOfOtherListsAndStrangeCustomersAreRefused(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        var filter = OrderFilter()
        filter.sort = .totalAmount
        let identifier = CursorValue.identifier(Identifier(high: 1, low: 1))
        for cursor in [[identifier], [.text("1"), identifier], [identifier, .integer(1)]] {
            let wrong = await #expect(throws: Failure.self) { try await shop.list(filter, .init(after: cursor)) }
            #expect(wrong?.code == "invalid_cursor", "\(cursor)")
        }
        let customer = try await shop.makeCustomers(1)[0]
        let order = try await shop.order(
            #"{"customer_id":"\#(customer)","items":[{"sku":"chai","quantity":1}]}"#)
        let orders = shop.commerce.orders
        let own = try await shop.read { try orders.list(ofCustomer: customer, .init(), .init(), of: .first, in: $0) }
        #expect(own.items.map(\.id) == [order.id])
        for (customer, tenant) in [(Identifier(high: 1, low: 1), Tenant.first), (customer, Tenant(2))] {
            let failure = await #expect(throws: Failure.self) {
                try await shop.read { try orders.list(ofCustomer: customer, .init(), .init(), of: tenant, in: $0) }
            }
            #expect(failure?.code == "not_found")
        }
    }

    // MARK: The array

    private static func makeEntries(
        _ count: Int, _ customers: [Identifier], _ shop: OrderShop, _ random: inout SeededRandom
    ) async throws -> [Entry] {
        var entries: [Entry] = []
        for number in 0..<count {
            if Int.random(in: 0...3, using: &random) == 0 {
                shop.store.time.advance(bySeconds: Int64.random(in: 1...90, using: &random))
            }
            let customer = Bool.random(using: &random) ? customers.randomElement(using: &random) : nil
            let external =
                Bool.random(using: &random) ? "shop-\(Int.random(in: 10...99, using: &random))-\(number)" : nil
            let status = OrderStatus.allCases.randomElement(using: &random) ?? .pending
            let orderedAt = Timestamp(microseconds: Int64.random(in: 1...20, using: &random) * 86_400_000_000)
            let json = [
                customer.map { #""customer_id":"\#($0)""# }, external.map { #""external_id":"\#($0)""# },
                #""status":"\#(status.rawValue)""#, #""order_date":"\#(orderedAt)""#,
                #""order_number":"\#(["A", "B", "AB"].randomElement(using: &random) ?? "A")-\#(number)""#,
                #""items":[{"sku":"chai","quantity":\#(Int.random(in: 1...5, using: &random))}]"#,
            ].compactMap { $0 }.joined(separator: ",")
            var order = try await shop.order("{\(json)}", .init(importsHistory: true))
            if Int.random(in: 0...5, using: &random) == 0 {
                let id = order.id
                order = try await shop.write { [commerce = shop.commerce] unit in
                    try commerce.orders.archive(id, expecting: nil, in: unit)
                }
            }
            entries.append(
                Entry(
                    id: order.id, number: order.number, externalID: order.externalID, status: order.status,
                    customer: order.customerID, total: order.amounts.total.minorUnits, orderedAt: order.orderedAt,
                    createdAt: order.createdAt, isArchived: order.isArchived))
        }
        return entries
    }

    private static func filter(
        _ entries: [Entry], _ customers: [Identifier], _ random: inout SeededRandom
    ) -> OrderFilter {
        var filter = OrderFilter()
        filter.statuses = Array(
            OrderStatus.allCases.shuffled(using: &random).prefix([0, 1, 2, 5].randomElement(using: &random) ?? 0))
        if Int.random(in: 0...2, using: &random) == 0 { filter.customerID = customers.randomElement(using: &random) }
        if Int.random(in: 0...2, using: &random) == 0 { filter.from = entries.randomElement(using: &random)?.createdAt }
        if Int.random(in: 0...2, using: &random) == 0 { filter.to = entries.randomElement(using: &random)?.createdAt }
        if Int.random(in: 0...3, using: &random) == 0 {
            filter.search = ["A", "A-1", "shop-", "shop-1", "AB-2", "none", "B"].randomElement(using: &random)
        }
        filter.isArchived = Int.random(in: 0...4, using: &random) == 0
        filter.includesLines = Bool.random(using: &random)
        filter.sort = OrderFilter.Sort.allCases.randomElement(using: &random) ?? .createdAt
        filter.descending = Bool.random(using: &random)
        return filter
    }

    private static func expected(_ entries: [Entry], _ filter: OrderFilter) -> [Entry] {
        let chosen = entries.filter { entry in
            entry.isArchived == filter.isArchived
                && (filter.statuses.isEmpty || filter.statuses.contains(entry.status))
                && (filter.customerID == nil || entry.customer == filter.customerID)
                && filter.from.map { entry.createdAt >= $0 } != false
                && filter.to.map { entry.createdAt < $0 } != false
                && filter.search.map {
                    entry.number.hasPrefix($0) || entry.externalID?.hasPrefix($0) == true
                } != false
        }
        let sorted = chosen.sorted { left, right in
            switch filter.sort {
            case .createdAt: left.id < right.id
            case .orderDate: (left.orderedAt, left.id) < (right.orderedAt, right.id)
            case .totalAmount: (left.total, left.id) < (right.total, right.id)
            case .orderNumber: left.number < right.number
            }
        }
        return filter.descending ? sorted.reversed() : sorted
    }

    private static func walk(_ filter: OrderFilter, _ limit: Int, _ shop: OrderShop) async throws -> [Order] {
        var orders: [Order] = []
        var after: [CursorValue]?
        repeat {
            let page = try await shop.list(filter, .init(limit: limit, after: after))
            #expect(page.items.count <= limit)
            orders += page.items
            after = page.next
        } while after != nil
        return orders
    }
}

extension OrderShop {
    /// A page of orders.
    func list(_ filter: OrderFilter, _ page: PageRequest, of tenant: Tenant = .first) async throws -> Page<Order> {
        try await read { [commerce] in try commerce.orders.list(filter, page, of: tenant, in: $0) }
    }

    /// Makes so many customers.
    func makeCustomers(_ count: Int) async throws -> [Identifier] {
        try await write { [commerce] unit in
            try (0..<count).map { number in
                let draft = try Self.read(
                    #"{"name":"Customer \#(number)","external_id":"c-\#(number)"}"#
                ) { CustomerDraft(&$0) }
                return try commerce.customers.create(draft, in: unit).id
            }
        }
    }
}
