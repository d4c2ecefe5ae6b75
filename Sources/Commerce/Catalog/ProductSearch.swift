public import ChangeLog
public import Core
public import Search
import Storage

/// Finds products by their words.
///
/// The index says which products and why; what is answered of them comes from the tables, so no price is an old one.
public struct ProductSearch: Sendable {
    private let index: TextIndex
    private let products: Products
    private let log: ChangeLog

    /// A search in an index that ``ProductTextProjection`` keeps up to date.
    public init(_ index: TextIndex, _ products: Products, of log: ChangeLog) {
        self.index = index
        self.products = products
        self.log = log
    }

    /// The products that fit a query, the best first.
    ///
    /// - throws: ``Failure`` `index_not_ready` while the index is made anew.
    public func search(_ query: TextQuery, of tenant: Tenant) async throws -> [ProductHit] {
        let hits = try await index.search(query, of: tenant)
        let found = try await log.database.read { [products] transaction in
            try products.load(hits.map(\.id), of: tenant, in: transaction)
        }
        let byID = Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0) })
        // A product that is gone since the index last heard of it is passed over.
        return hits.compactMap { hit in
            byID[hit.id].map { ProductHit(product: $0, score: hit.score, highlights: hit.highlights) }
        }
    }
}

/// A product that a search found, and why.
public struct ProductHit: Sendable, JSONEncodable {
    /// The product.
    public let product: Product
    /// How well it fits, to compare with others of the same search.
    public let score: Double
    /// The fields in which a word was found, as HTML with the words marked.
    public let highlights: [TextField: String]
    private var showsCosts = false

    init(product: Product, score: Double, highlights: [TextField: String]) {
        self.product = product
        self.score = score
        self.highlights = highlights
    }

    /// The same, with what things cost when that may be seen.
    public func showingCosts(_ showsCosts: Bool) -> ProductHit {
        var hit = self
        hit.showsCosts = showsCosts
        return hit
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            product.writeMembers(to: &json, showsCosts: showsCosts)
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
