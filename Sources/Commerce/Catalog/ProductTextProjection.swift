public import ChangeLog
public import Core
public import Search
import Storage

/// Keeps the full-text index of the products up to date with the change log.
///
/// The log only tells which products have changed; what they are is read from the tables, so there is one way to make a
/// document. What is read may be newer than the change: then the later change stores the same once more.
public struct ProductTextProjection: Projection {
    public let name = "product_text"
    public let types: Set<String>? = ["product"]

    private let index: TextIndex
    private let products: Products
    private let log: ChangeLog

    /// How many products are read from the tables at a time.
    static let batchLimit = 500

    /// A projection into an index.
    public init(_ index: TextIndex, _ products: Products, of log: ChangeLog) {
        self.index = index
        self.products = products
        self.log = log
    }

    public var isUsable: Bool { !index.isDamaged }

    public func position() async throws -> LogPosition? {
        try await index.position()
    }

    public func apply(_ changes: [Change], upTo position: LogPosition) async throws {
        let keys = Set(changes.map { TextDocument.Key(tenant: $0.tenant, id: $0.entity) })
        let documents = try await log.database.read { [products] in
            try products.documents(Array(keys), in: $0)
        }
        let deletions = keys.subtracting(documents.map(\.key))
        try await index.apply(upserts: documents, deletions: Array(deletions), upTo: position)
    }

    public func rebuild() async throws {
        let position = log.head
        try await index.rebuild(asOf: position) { [products, log] last in
            try await log.database.read { try products.documents(after: last, in: $0) }
        }
    }
}

extension Products {
    /// The documents of some products, of those that there are.
    fileprivate func documents(
        _ keys: [TextDocument.Key], in transaction: any ReadTransaction
    ) throws -> [TextDocument] {
        var documents: [TextDocument] = []
        for (tenant, keys) in Dictionary(grouping: keys, by: \.tenant) {
            for start in stride(from: 0, to: keys.count, by: ProductTextProjection.batchLimit) {
                let part = keys[start..<min(start + ProductTextProjection.batchLimit, keys.count)]
                documents += try load(part.map(\.id), of: tenant, in: transaction).map { $0.document(of: tenant) }
            }
        }
        return documents
    }

    /// The documents that follow one in the order of tenants and identifiers.
    fileprivate func documents(
        after last: TextDocument.Key?, in transaction: any ReadTransaction
    ) throws -> [TextDocument] {
        let keys = try transaction.keys(
            of: "products", after: last.map { EntityKey($0.tenant, $0.id) }, limit: ProductTextProjection.batchLimit
        ).map { TextDocument.Key(tenant: $0.tenant, id: $0.entity) }
        let documents = Dictionary(uniqueKeysWithValues: try documents(keys, in: transaction).map { ($0.key, $0) })
        return keys.compactMap { documents[$0] }
    }
}
