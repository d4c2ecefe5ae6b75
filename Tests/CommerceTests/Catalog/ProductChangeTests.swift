import ChangeLog
import Commerce
import Core
import TestKit
import Testing

@Suite struct ProductChangeTests {
    @Test(arguments: TestStore.Engine.allCases)
    func theLogTellsWhatHappenedAndNeverTheCost(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let created = try await shop.create(
            #"{"sku": "A", "name": "A", "price": 1, "cost": "0.77", "variants": [{"sku": "B"}]}"#)
        shop.store.time.advance(bySeconds: 1)
        let updated = try await shop.patch(created.id, #"{"name": "New", "price": 2, "cost": "0.66"}"#)
        try await shop.write { try shop.products.delete(created.id, expecting: 2, in: $0) }
        let changes = try await shop.changes()
        #expect(
            changes.map { "\($0.entityType) \($0.operation)" } == [
                "product insert", "variant insert", "product update", "variant delete", "product delete",
            ])
        #expect(changes.allSatisfy { $0.tenant == .first && $0.actor == "test" })
        #expect(changes[0].entity == created.id)
        #expect(changes[0].before == nil)
        #expect(changes[0].after == JSONWriter.bytes(of: created))
        #expect(changes[2].before == JSONWriter.bytes(of: created))
        #expect(changes[2].after == JSONWriter.bytes(of: updated))
        #expect(changes[2].changedFields == ["name", "price", "version", "updated_at"])
        #expect(changes[4].before == JSONWriter.bytes(of: updated))
        #expect(changes[4].after == nil)
        for change in changes {
            for image in [change.before, change.after].compactMap({ $0 }) {
                let image = String(decoding: image, as: UTF8.self)
                #expect(!image.contains("cost") && !image.contains("0.77") && !image.contains("0.66"))
            }
        }
    }
}
