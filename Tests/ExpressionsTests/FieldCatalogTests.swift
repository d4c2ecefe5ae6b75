import Expressions
import Testing

/// Which fields are known, and which were probably meant.
@Suite struct FieldCatalogTests {
    private let catalog = FieldCatalog([
        "id", "status", "shipping_address.country", "items[].sku", "items[].taxes[].rate", "metadata.*",
    ])

    @Test(arguments: [
        "id", "status", "shipping_address", "shipping_address.country", "items", "items[]", "items[].sku",
        "items[].taxes",
        "metadata", "metadata.a", "metadata.a.b[].c",
    ])
    func knownFieldsAreKnown(path: String) {
        #expect(catalog.unknown(among: [path]).isEmpty)
    }

    @Test(
        arguments: [
            ("staus", "status"), ("shipping_adress.country", "shipping_address.country"),
            ("items[].skuu", "items[].sku"),
            ("metadat", "metadata"), ("frobnicate_all", nil), ("metadatas.a", "metadata"), ("id.x", "id"),
            ("address", "shipping_address"),
        ] as [(String, String?)])
    func unknownFieldsComeWithTheNearestKnown(path: String, nearest: String?) {
        let unknown = catalog.unknown(among: ["status", path])
        #expect(unknown.map(\.path) == [path] && unknown.map(\.nearest) == [nearest])
        #expect(unknown.first?.message.contains(nearest ?? path) == true)
    }

    @Test func conditionsAndTemplatesAreChecked() throws {
        let condition = try Condition(parsing: "any(items, skuu == 'x') && new.status == 'y' && event.type == 'order'")
        #expect(catalog.unknown(among: condition.fields).map(\.path) == ["items[].skuu"])
        let template = try Template(parsing: "{{ shipping_address.city }} {{ old.id }}", escaping: .text)
        #expect(catalog.unknown(among: template.fields).map(\.path) == ["shipping_address.city"])
    }
}
