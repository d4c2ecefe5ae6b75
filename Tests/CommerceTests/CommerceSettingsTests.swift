import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct CommerceSettingsTests {
    @Test(arguments: TestStore.Engine.allCases)
    func theDefaultCurrencyIsThatOfWhatNamesNone(_ engine: TestStore.Engine) async throws {
        let registry = try SettingsRegistry(CommerceSettings.all)
        let source = SettingsSource(name: "test", texts: ["commerce.default_currency": "JPY"])
        let commerce = Commerce(settings: try registry.values(from: [source]))
        let store = try await TestStore(engine, schemas: Commerce.schemas)
        let (product, order) = try await store.log.write(TestStore.context) { unit in
            let draft = try OrderShop.read(#"{"sku":"tea","name":"Tea","price":"120"}"#) { ProductDraft(&$0) }
            let history = try OrderShop.read(
                #"{"order_number":"1","items":[{"sku":"old","quantity":2,"unit_price":"75"}]}"#
            ) { OrderDraft(&$0, .init(importsHistory: true)) }
            return (
                try commerce.products.create(draft, in: unit), try commerce.orders.create(history, in: unit)
            )
        }.value
        #expect(product.currency.code == "JPY")
        #expect(order.currency.code == "JPY" && order.amounts.total.description == "150")
        let wrong = SettingsSource(name: "test", texts: ["commerce.default_currency": "yen"])
        #expect(throws: Failure.self) { try registry.values(from: [wrong]) }
    }
}
