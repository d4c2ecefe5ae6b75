import ChangeLog
public import Core
import Search
public import Storage

/// What elements of graphs were before: kept when they are written over or deleted, for as long as the settings say
/// (`knowledge.history_age`).
///
/// An element is known as it is from the moment when that was written (`recorded_at`; its first state since it has been
/// known at all) up to the moment when something else was (`ended_at`). So what was known at a moment is what stands
/// in the tables and was recorded up to it, and the versions that were recorded up to it and ended after it. What began
/// and ended at the same moment was never known.
public struct ElementHistory: Sendable {
    /// How many versions may have ended since a moment of which a graph is asked for.
    public static let searchLimit = 20_000

    /// How many components vectors have.
    let dimensions: Int

    // MARK: Keeping

    /// Keeps elements as they stand in the table, which are about to be written over or deleted.
    func keep(
        _ ids: some Collection<String>, _ kind: ElementKind, until moment: Timestamp, in unit: UnitOfWork
    ) throws {
        try unit.transaction.enqueue(
            """
            INSERT INTO graph_versions (place, tenant, recorded_at, ended_at, document, embedding)
            SELECT e.place, e.tenant, e.recorded_at, CAST(\(moment) AS BIGINT), e.document, e.embedding
            FROM graph_elements e WHERE \(ElementPlace.isAny(of: ids, kind, of: unit.tenant))
                AND e.recorded_at < \(moment)
            ON CONFLICT (place, ended_at) DO NOTHING
            """)
    }

    /// Deletes versions that ended before a moment, some at a time.
    ///
    /// - returns: how many there were.
    func deleteOld(
        of tenant: Tenant, before moment: Timestamp, limit: Int, in transaction: any WriteTransaction
    ) throws -> Int {
        let last = try transaction.rows(
            """
            SELECT v.ended_at FROM graph_versions v WHERE v.tenant = \(tenant) AND v.ended_at < \(moment)
            ORDER BY v.ended_at LIMIT \(limit)
            """
        ) { $0.timestamp(0) }.last
        guard let last else { return 0 }
        return try transaction.execute("DELETE FROM graph_versions WHERE tenant = \(tenant) AND ended_at <= \(last)")
    }

    // MARK: Reading

    /// A tenant of whom something is kept that ended before a moment; nil when there is none.
    ///
    /// It leaps from tenant to tenant, since the versions of each stand in the order of their ends.
    func tenantOfOld(before moment: Timestamp, in transaction: any ReadTransaction) throws -> Tenant? {
        var last = Int64.min
        while let oldest = try transaction.first(
            """
            SELECT v.tenant, v.ended_at FROM graph_versions v WHERE v.tenant > \(last)
            ORDER BY v.tenant, v.ended_at LIMIT 1
            """, { (tenant: $0.integer(0), ended: $0.timestamp(1)) })
        {
            if oldest.ended < moment { return Tenant(oldest.tenant) }
            last = oldest.tenant
        }
        return nil
    }

    /// What an element was before, the latest first.
    ///
    /// - parameters:
    ///   - moment: only what ended before it; nil is all.
    ///   - limit: how many there are at most.
    public func versions(
        of id: String, _ kind: ElementKind, before moment: Timestamp?, limit: Int, of tenant: Tenant,
        in transaction: any ReadTransaction
    ) throws -> [ElementVersion] {
        try transaction.rows(
            """
            SELECT v.recorded_at, v.ended_at, v.document FROM graph_versions v
            WHERE v.place = \(ElementPlace(kind, id, of: tenant).sqlValue)
                AND v.ended_at < \(moment ?? Timestamp.latest)
            ORDER BY v.ended_at DESC LIMIT \(limit)
            """
        ) { ElementVersion(recordedAt: $0.timestamp(0), endedAt: $0.timestamp(1), document: $0.bytes(2)) }
    }

    /// The JSON of some elements as it was known at a moment, by their ids.
    public func documents(
        _ kind: ElementKind, _ ids: [String], of tenant: Tenant, at moment: Timestamp,
        in transaction: any ReadTransaction
    ) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for start in stride(from: 0, to: ids.count, by: GraphElements.chunk) {
            let chunk = ids[start..<min(start + GraphElements.chunk, ids.count)]
            let places = ElementPlace.isAny(of: chunk, kind, of: tenant)
            // What was there then counts before what says of itself that it was known by then, and was written later.
            for query: SQL in [
                "SELECT e.place, e.document FROM graph_elements e WHERE e.recorded_at <= \(moment) AND " + places,
                """
                SELECT e.place, e.document FROM graph_versions e
                WHERE e.recorded_at <= \(moment) AND e.ended_at > \(moment) AND\u{20}
                """ + places,
            ] {
                for row in try transaction.rows(
                    query, { (id: $0.withBytes(0, ElementPlace.id), document: $0.bytes(1)) })
                {
                    found[row.id] = row.document
                }
            }
        }
        return found
    }

    /// All elements of a tenant that were known at a moment and have changed or gone since, as they were.
    ///
    /// - throws: ``Failure`` `invalid_request` when they are more than ``searchLimit``.
    func changed(
        since moment: Timestamp, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [StoredElement] {
        let found = try changed(since: moment, of: tenant, limit: Self.searchLimit + 1, in: transaction)
        guard found.count <= Self.searchLimit else {
            throw Failure.invalid(
                at: "/as_of",
                "More than \(Self.searchLimit) elements have changed since then, so the graph of that moment cannot be "
                    + "searched. Elements themselves can still be asked for.")
        }
        return found
    }

    /// The same, of so many at most.
    func changed(
        since moment: Timestamp, of tenant: Tenant, limit: Int, in transaction: any ReadTransaction
    ) throws -> [StoredElement] {
        try transaction.rows(
            """
            SELECT \(StoredElement.columns) FROM graph_versions e
            WHERE e.tenant = \(tenant) AND e.ended_at > \(moment) AND e.recorded_at <= \(moment)
            LIMIT \(limit)
            """
        ) { try StoredElement($0, dimensions: dimensions) }
    }
}

/// What an element was for a while.
public struct ElementVersion: Sendable {
    /// Since when it was known so.
    public let recordedAt: Timestamp
    /// Since when it has been known so no more.
    public let endedAt: Timestamp
    /// Its JSON.
    public let document: [UInt8]
}
