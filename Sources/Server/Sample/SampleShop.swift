import API
import ChangeLog
import Commerce
import Core
import Foundation
import Storage

/// A small shop to try the server on: a dozen products with stock, customers, and orders in different states. The
/// services of the roles make it, as they would for a client.
enum SampleShop {
    private static let context = ChangeContext(tenant: .first, actor: "sample")

    /// Fills a shop that has nothing yet, all at once; any other stays as it is.
    static func fill(_ store: Store) async throws {
        let commerce = store.commerce
        let isEmpty = try await store.log.read { transaction in
            let one = PageRequest(limit: 1)
            return try commerce.products.list(ProductFilter(), one, of: .first, in: transaction).items.isEmpty
                && commerce.customers.list(CustomerFilter(), one, of: .first, in: transaction).items.isEmpty
                && commerce.orders.list(OrderFilter(), one, of: .first, in: transaction).items.isEmpty
        }.value
        guard isEmpty else { return }
        _ = try await store.log.write(context) { unit in
            _ = try commerce.products.upsert(read(products) { try Bulk(products: &$0) }, in: unit)
            _ = try commerce.inventory.count(
                read(counts) { try Bulk(&$0, rows: "counts", count: 1...100) { StockCount(&$0) } }, in: unit)
            _ = try commerce.customers.upsert(
                read(customers) { try Bulk(&$0, rows: "customers", count: 1...100) { CustomerPatch(&$0) } }, in: unit)
            for order in orders { try make(order, commerce, unit) }
        }
    }

    /// A key that opens the sample: the one given, or one that is kept in the data directory for the next start.
    static func key(_ store: Store, _ given: String?) async throws -> String {
        let file = store.directory.file("sample.key")
        if given == nil, let kept = try? String(contentsOfFile: file, encoding: .utf8), !kept.isEmpty { return kept }
        let credentials = store.credentials
        let key: String
        if let given {
            key = given
        } else {
            key = try await store.log.write(context) { unit in
                try credentials.create(name: "sample", scopes: .all, in: unit).text
            }.value
        }
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data(key.utf8), attributes: [.posixPermissions: 0o600])
        else {
            throw Failure(.unavailable, code: "data_directory_unusable", "\(file) cannot be written.")
        }
        return key
    }

    /// Makes an order and leads it through its states.
    private static func make(_ sample: SampleOrder, _ commerce: Commerce, _ unit: UnitOfWork) throws {
        let order = try commerce.orders.create(read(sample.json) { OrderDraft(&$0) }, in: unit)
        if sample.isPaid {
            let amount = "{\"amount\": \"\(order.amounts.total)\", \"method\": \"card\"}"
            _ = try commerce.payments.pay(order: order.id, read(amount) { PaymentDraft(&$0) }, in: unit)
        }
        for status in sample.moves {
            _ = try commerce.orders.move(order.id, to: status, reason: nil, expecting: nil, in: unit)
        }
    }

    private static func read<T>(_ json: String, _ body: (inout JSONFields) throws -> T) throws -> T {
        try JSONFields.read(JSONParser.parse(Array(json.utf8)), body)
    }
}
