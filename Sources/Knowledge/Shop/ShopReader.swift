import ChangeLog
import Core
import Storage

/// Makes the graph of the shop of its tables, a page at a time, where the log does not tell all of it any more.
///
/// Pages are read one after the other while others write, each as it is then. What was changed since the position of
/// the reading is taken over from the log afterwards, and comes to the same whether a page had it already or not.
struct ShopReader: Sendable {
    /// How many things are read at once.
    private static let pageLimit = 200
    /// How many elements one unit of work writes, unless one thing alone is made of more. Others wait so long.
    private static let elementLimit = 500
    /// How many elements of the graph are looked at by one unit of work.
    private static let sweepLimit = 500
    /// How many places are forgotten by one unit of work.
    private static let forgetLimit = 5_000

    private static let found = Insertion(
        into: "graph_feed_elements", "place, position",
        ending: "ON CONFLICT (place) DO UPDATE SET position = excluded.position")

    let log: ChangeLog
    let elements: GraphElements
    let shop: any EntityImages

    /// Does the next part of a reading.
    ///
    /// - parameter grant: refuses the transaction once the lease is lost; nil where nobody else can do the same work.
    /// - returns: how many things of the shop were read.
    func step(_ reading: ShopReading, under grant: LeaseGrant?) async throws -> Int {
        if let type = reading.stage.entityType { return try await read(type, reading, grant) }
        if reading.stage == .sweep {
            try await sweep(reading, grant)
        } else {
            try await forget(reading, grant)
        }
        return 0
    }

    private func read(_ type: String, _ reading: ShopReading, _ grant: LeaseGrant?) async throws -> Int {
        let page = try await log.database.read { [shop] transaction in
            try shop.images(of: type, after: reading.entity, limit: Self.pageLimit, in: transaction)
        }
        guard let first = page.first else {
            try await save(reading.inNextStage, grant)
            return 0
        }
        var (update, last, count) = (ShopUpdate(), first.key, 0)
        for image in page.prefix(while: { $0.key.tenant == first.key.tenant }) {
            let made = ShopGraph.update(of: type, try ShopEntity(image.document)) ?? ShopUpdate()
            guard count == 0 || update.count + made.count <= Self.elementLimit else { break }
            update.append(made)
            (last, count) = (image.key, count + 1)
        }
        try await write(update, reading.advanced(to: last), of: first.key.tenant, grant)
        return count
    }

    /// Takes out what the tables made once and make no more. From the last place to the first, so that edges go before
    /// the nodes of which something depends on edges.
    private func sweep(_ reading: ShopReading, _ grant: LeaseGrant?) async throws {
        var query: SQL = """
            SELECT e.place, e.tenant, e.document, CASE WHEN f.place IS NULL THEN 1 ELSE 0 END FROM graph_elements e
            LEFT JOIN graph_feed_elements f ON f.place = e.place AND f.position = \(reading.position)
            """
        if let place = reading.place { query += " WHERE e.place < \(SQLValue.bytes(place))" }
        query += " ORDER BY e.place DESC LIMIT \(Self.sweepLimit)"
        let page = try await log.database.read { [query] in try $0.rows(query, SweptElement.init) }
        guard let first = page.first else { return try await save(reading.inNextStage, grant) }
        let part = page.prefix { $0.tenant == first.tenant }
        var update = ShopUpdate()
        for element in part where element.isLeft {
            update.append(ShopGraph.update(without: element.kind, element.id))
        }
        try await write(update, reading.advanced(to: (part.last ?? first).place), of: first.tenant, grant)
    }

    private func write(
        _ update: ShopUpdate, _ reading: ShopReading, of tenant: Tenant, _ grant: LeaseGrant?
    ) async throws {
        let places =
            update.nodes.map { ElementPlace(.node, $0.header.id, of: tenant) }
            + (update.edges + update.lasting).map { ElementPlace(.edge, $0.header.id, of: tenant) }
        // Names that are written in several ways may be one in the graph.
        let distinct = Set(places.map(\.bytes)).map { SQLValue.bytes($0) }
        let marks = Self.found.statements(distinct.flatMap { [$0, reading.position.sqlValue] })
        _ = try await log.write(ChangeContext(tenant: tenant, actor: ShopFeed.actor)) { [elements] unit in
            try grant?.check(in: unit.transaction)
            try elements.apply(update, in: unit)
            for mark in marks { try unit.transaction.enqueue(mark) }
            try reading.save(ShopFeed.actor, in: unit.transaction)
        }
    }

    /// Forgets what was found. After the last of it the log is followed from the position of the reading.
    private func forget(_ reading: ShopReading, _ grant: LeaseGrant?) async throws {
        _ = try await log.database.write { transaction in
            try grant?.check(in: transaction)
            let count = try transaction.execute(
                """
                DELETE FROM graph_feed_elements
                WHERE place IN (SELECT place FROM graph_feed_elements LIMIT \(Self.forgetLimit))
                """)
            guard count < Self.forgetLimit else { return }
            try ShopReading.remove(ShopFeed.actor, in: transaction)
            try ShopProgress.save(reading.position, in: transaction)
        }
    }

    /// Stores how far a reading is of which nothing was written.
    func save(_ reading: ShopReading, _ grant: LeaseGrant?) async throws {
        _ = try await log.database.write { transaction in
            try grant?.check(in: transaction)
            try reading.save(ShopFeed.actor, in: transaction)
        }
    }
}

/// An element that is looked at once the tables have been read.
private struct SweptElement: Sendable {
    let place: [UInt8]
    let tenant: Tenant
    let kind: ElementKind
    let id: String
    /// Whether the shop made it once and it is not in the tables any more.
    let isLeft: Bool

    init(_ row: Row) throws {
        guard let kind = row.withBytes(0, ElementPlace.kind) else { throw StoredElement.misplaced }
        place = row.bytes(0)
        tenant = Tenant(row.integer(1))
        self.kind = kind
        id = row.withBytes(0, ElementPlace.id)
        isLeft = row.bool(3) ? try ShopGraph.isPart(StoredFields(row.bytes(2))) : false
    }
}
