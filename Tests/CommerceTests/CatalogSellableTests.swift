import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct CatalogSellableTests {
    @Test(arguments: TestStore.Engine.allCases)
    func unknownSkusAreMissing(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: Commerce.schemas)
        let found = try await store.log.read {
            try Commerce().products.sellables(["a", "b", "c"], of: .first, in: $0)
        }
        #expect(found.value.isEmpty)
    }
}
