import ChangeLog
import Commerce
import Core
import Foundation
import Server
import TestKit

/// A store for imports, and the files that go into it.
struct ImportFixture {
    let directory: TemporaryDirectory
    let store: Store

    init() async throws {
        directory = try TemporaryDirectory()
        store = try await Store.open(directory.file("data"))
    }

    /// A file of the directory of fixtures.
    static func file(_ name: String) -> String {
        Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)").path
    }

    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
        return directory.file(name)
    }

    /// An import from a file whose rejected rows go to the directory.
    func request(_ kind: ImportKind, _ path: String, maps: [String] = [], set: [String] = []) -> Import.Request {
        var request = Import.Request(kind, path: path)
        request.maps = maps
        request.constants = set
        request.rejectsPath = directory.file("rejected.csv")
        return request
    }

    func run(_ request: Import.Request) async throws -> ImportSummary {
        var job = try Import(request, to: LocalImportTarget(store))
        return try await job.run()
    }

    func rejected() throws -> String {
        try String(contentsOfFile: directory.file("rejected.csv"), encoding: .utf8)
    }

    static let productMaps = [
        "product_id=sku", "product_name=name", "unit_price=price", "!discontinued=active",
        "quantity_per_unit=attributes.quantity_per_unit", "category_id=attributes.category_id",
        "supplier_id=attributes.supplier_id",
    ]
    static let customerMaps = [
        "customer_id=external_id", "company_name=company", "contact_name=name", "contact_title=notes",
        "company_name=address.company", "contact_name=address.name", "address=address.line1", "city=address.city",
        "region=address.region", "postal_code=address.postal_code", "country=address.country", "phone=phone",
    ]
    static let orderMaps = [
        "order_id=order_number", "customer_id=customer_external_id", "order_date=order_date",
        "shipped_date=shipped_at", "freight=shipping_amount", "ship_name=shipping_address.name",
        "ship_address=shipping_address.line1", "ship_city=shipping_address.city",
        "ship_region=shipping_address.region", "ship_postal_code=shipping_address.postal_code",
        "ship_country=shipping_address.country", "ship_via=shipping_method", "product_id=items.sku",
        "unit_price=items.unit_price", "quantity=items.quantity", "discount=items.discount_rate",
    ]
}
