public import ChangeLog
public import Core
public import Search
import Storage

/// Finds products by their words.
///
/// The index says which products and why, and has the image of each. That is shown as long as no product has changed
/// since the index last heard of one; else what is answered comes from the tables, so no price is an old one.
public struct ProductSearch: Sendable {
    private let index: TextIndex
    private let products: Products
    private let follower: Follower
    private let log: ChangeLog
    private let latestChange: ChangeMark

    /// A search in an index that a follower keeps up to date by ``ProductTextProjection``.
    public init(_ index: TextIndex, _ products: Products, _ follower: Follower, of log: ChangeLog) {
        self.index = index
        self.products = products
        self.follower = follower
        self.log = log
        latestChange = log.mark(of: ["product"])
    }

    /// The products that fit a query, the best first.
    ///
    /// - throws: ``Failure`` `index_not_ready` while the index is made anew.
    public func search(_ query: TextQuery, of tenant: Tenant) async throws -> [ProductHit] {
        let isUpToDate = isUpToDate
        let hits = try await index.search(query, of: tenant)
        if isUpToDate { return try hits.map { try ProductHit($0) } }
        return try await log.database.read { try current(hits, of: tenant, in: $0) }
    }

    /// The products that fit a query, like ``search(_:of:)``, if that is possible on the calling thread without waiting
    /// and within a time; else nil.
    public func searchAtOnce(_ query: TextQuery, of tenant: Tenant, within time: Duration) throws -> [ProductHit]? {
        let isUpToDate = isUpToDate
        guard let hits = try index.searchAtOnce(query, of: tenant, within: time) else { return nil }
        if isUpToDate { return try hits.map { try ProductHit($0) } }
        return try log.database.readAtOnce(within: time) { try current(hits, of: tenant, in: $0) }
    }

    /// Whether a look at the index from now on sees every change of a product that is part of the log's head.
    private var isUpToDate: Bool {
        let latest = latestChange.position
        return follower.position >= latest
    }

    /// The hits as the tables have them. A product that is gone since the index last heard of it is passed over.
    private func current(
        _ hits: [TextHit], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [ProductHit] {
        let found = try products.load(hits.map(\.id), of: tenant, in: transaction)
        let byID = Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0) })
        return hits.compactMap { hit in byID[hit.id].map { ProductHit(hit, ProductImage($0)) } }
    }
}

/// A product that a search found, and why.
public struct ProductHit: Sendable, JSONEncodable {
    /// Which product it is.
    public let id: Identifier
    /// How well it fits, to compare with others of the same search.
    public let score: Double
    /// The fields in which a word was found, as HTML with the words marked.
    public let highlights: [TextField: String]
    private let image: ProductImage
    private var showsCosts = false

    fileprivate init(_ hit: TextHit, _ image: ProductImage) {
        id = hit.id
        score = hit.score
        highlights = hit.highlights
        self.image = image
    }

    /// A hit with what the index has of the product.
    fileprivate init(_ hit: TextHit) throws {
        self.init(hit, try ProductImage(stored: hit.payload))
    }

    /// The same, with what things cost when that may be seen.
    public func showingCosts(_ showsCosts: Bool) -> ProductHit {
        var hit = self
        hit.showsCosts = showsCosts
        return hit
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            image.writeMembers(to: &json, showsCosts: showsCosts)
            json.member("score", score)
            json.member(
                "highlights",
                object: { json in
                    json.member("sku", ifPresent: highlights[.sku])
                    json.member("name", ifPresent: highlights[.title])
                    json.member("tags", ifPresent: highlights[.tags])
                    json.member("description", ifPresent: highlights[.body])
                })
        }
    }
}

extension JSONWriter {
    /// Writes a member, or nothing at all when there is no value.
    fileprivate mutating func member(_ name: StaticString, ifPresent value: String?) {
        if let value { member(name, value) }
    }
}
