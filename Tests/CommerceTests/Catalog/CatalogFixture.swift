import ChangeLog
import Commerce
import Core
import Storage
import TestKit

/// A store with the tables of the role, and short ways to do and read things in it.
struct CatalogFixture {
    let store: TestStore
    let products: Products
    let customers = Customers()

    static let other = Tenant(2)

    init(_ engine: TestStore.Engine, products: Products = Products()) async throws {
        store = try await TestStore(engine, schemas: Commerce.schemas)
        self.products = products
    }

    func write<T: Sendable>(
        as tenant: Tenant = .first, _ body: @escaping @Sendable (UnitOfWork) throws -> T
    ) async throws -> T {
        try await store.log.write(ChangeContext(tenant: tenant, actor: "test"), body).value
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
        try await store.log.read(body).value
    }

    func create(_ json: String, as tenant: Tenant = .first) async throws -> Product {
        let draft = try decode(json) { ProductDraft(&$0) }
        return try await write(as: tenant) { [products] in try products.create(draft, in: $0) }
    }

    func patch(_ id: Identifier, _ json: String, expecting version: Int64? = nil) async throws -> Product {
        let patch = try decode(json) { ProductPatch(&$0) }
        return try await write { [products] in try products.update(id, patch, expecting: version, in: $0) }
    }

    func upsert(_ json: String) async throws -> BulkResult {
        let bulk = try decode(json) { try Bulk(products: &$0) }
        return try await write { [products] in try products.upsert(bulk, in: $0) }
    }

    func list(_ filter: ProductFilter, _ page: PageRequest = PageRequest()) async throws -> Page<Product> {
        try await read { try products.list(filter, page, of: .first, in: $0) }
    }

    func changes() async throws -> [Change] {
        try await store.log.changes(after: .start, limit: 1000)
    }
}

func decode<T>(_ json: String, _ body: (inout JSONFields) throws -> T) throws -> T {
    try JSONFields.read(try JSONParser.parse(Array(json.utf8)), body)
}

/// What a value is as JSON text.
func text(_ value: some JSONEncodable) -> String {
    String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
}

/// The failure that a piece of work ends in, or nil when it succeeds.
func failure<T>(_ body: () async throws -> T) async throws -> Failure? {
    do {
        _ = try await body()
        return nil
    } catch let failure as Failure {
        return failure
    }
}
