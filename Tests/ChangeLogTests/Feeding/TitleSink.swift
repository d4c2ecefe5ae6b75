import ChangeLog
import Core
import Storage

/// Keeps the titles of things in a table of its own.
struct TitleSink: FeedSink {
    struct Update: FeedUpdate {
        var titles: [Identifier: String?] = [:]

        var count: Int { titles.count }

        mutating func append(_ other: Update) { titles.merge(other.titles) { $1 } }

        func places(of tenant: Tenant) -> [[UInt8]] {
            titles.compactMap { id, title in title == nil ? nil : TitleSink.place(id, of: tenant) }
        }
    }

    static let schema = Schema(
        room: "titles",
        [
            Migration(
                1, "titles",
                ["CREATE TABLE titles (place {bytes} NOT NULL PRIMARY KEY, tenant BIGINT NOT NULL, title TEXT)"])
        ])

    let name = "titles"
    var types = ["book", "film"]

    func update(of _: String, _ entity: FeedEntity, before _: FeedEntity?) -> Update? {
        guard let title = entity.text("title") else { return nil }
        return entity.text("id").flatMap { Identifier($0) }.map { Update(titles: [$0: title]) }
    }

    func update(withoutEntity entity: FeedEntity, of _: String) -> Update? {
        entity.text("id").flatMap { Identifier($0) }.map { Update(titles: [$0: nil]) }
    }

    func write(_ update: Update, in unit: UnitOfWork) throws {
        for (id, title) in update.titles {
            let place = SQLValue.bytes(Self.place(id, of: unit.tenant))
            try unit.transaction.execute("DELETE FROM titles WHERE place = \(place)")
            guard let title else { continue }
            try unit.transaction.execute("INSERT INTO titles VALUES (\(place), \(unit.tenant), \(title))")
        }
    }

    func places(after last: [UInt8]?, limit: Int, in transaction: any ReadTransaction) throws -> [FeedPlace] {
        try transaction.rows(
            "SELECT tenant, place FROM titles WHERE place > \(SQLValue.bytes(last ?? [])) ORDER BY place LIMIT \(limit)"
        ) { FeedPlace(Tenant($0.integer(0)), $0.bytes(1)) }
    }

    func update(withoutPlaces places: [FeedPlace], in _: any ReadTransaction) -> Update {
        let ids = places.compactMap { Identifier(String(decoding: $0.bytes.dropFirst(), as: UTF8.self)) }
        return Update(titles: Dictionary(uniqueKeysWithValues: ids.map { ($0, nil) }))
    }

    /// The tenants of these tests have one byte.
    private static func place(_ id: Identifier, of tenant: Tenant) -> [UInt8] {
        [UInt8(tenant.number)] + Array(id.description.utf8)
    }
}
