import ChangeLog
import Commerce
import Core
import Server
import Testing

@Suite struct ImportTests {
    @Test func productsComeInWholeAndOnce() async throws {
        let fixture = try await ImportFixture()
        let request = fixture.request(
            .products, ImportFixture.file("products.csv"), maps: ImportFixture.productMaps, set: ["currency=USD"])
        let first = try await fixture.run(request)
        #expect(first.read == 4)
        #expect(first.written == 4)
        #expect(first.rejected == 0)
        #expect(first.rounded == 2)
        #expect(first.ignoredColumns == ["units_in_stock", "units_on_order", "reorder_level"])
        let second = try await fixture.run(request)
        #expect(second.written == 0)
        #expect(second.unchanged == 4)

        let products = fixture.store.commerce.products
        let found = try await fixture.store.log.read { transaction in
            try products.sellables(["1", "2", "3", "4"], of: .first, in: transaction)
        }.value
        #expect(found["1"]?.isActive == false)
        #expect(found["2"]?.isActive == true)
        #expect(found["3"]?.price.description == "9.80")
        #expect(found["3"]?.name == "Syrup, Anise")
        #expect(found["4"]?.price.description == "123.79")
        await fixture.store.close()
    }

    @Test func customersComeInWithTheirAddressOnce() async throws {
        let fixture = try await ImportFixture()
        let request = fixture.request(
            .customers, ImportFixture.file("customers.csv"), maps: ImportFixture.customerMaps)
        #expect(try await fixture.run(request).written == 3)
        #expect(try await fixture.run(request).unchanged == 3)
        let customers = fixture.store.commerce.customers
        let customer = try await fixture.store.log.read { transaction in
            try customers.find(externalID: "COMMI", of: .first, in: transaction)
        }.value
        #expect(customer.name == "Pedro Alfonso")
        #expect(customer.addresses.count == 1)
        #expect(customer.addresses.first?.address.line1 == "Av. dos Lírios, 23")
        #expect(customer.addresses.first?.address.region == "SP")
        await fixture.store.close()
    }

    @Test func stockIsSetToWhatWasCounted() async throws {
        let fixture = try await ImportFixture()
        let request = fixture.request(
            .inventory, ImportFixture.file("products.csv"),
            maps: ["product_id=sku", "units_in_stock=quantity", "reorder_level=reorder_point"])
        #expect(try await fixture.run(request).written == 4)
        #expect(try await fixture.run(request).written == 4)
        let inventory = fixture.store.commerce.inventory
        let level = try await fixture.store.log.read { try inventory.find("3", of: .first, in: $0) }.value
        #expect(level.onHand == 13)
        #expect(level.balances.map(\.reorderPoint) == [25])
        await fixture.store.close()
    }

    @Test func ordersComeInWithTheirLinesAndExactTotalsOnce() async throws {
        let fixture = try await ImportFixture()
        let set = ["currency=USD"]
        _ = try await fixture.run(
            fixture.request(
                .products, ImportFixture.file("products.csv"), maps: ImportFixture.productMaps, set: set))
        _ = try await fixture.run(
            fixture.request(.customers, ImportFixture.file("customers.csv"), maps: ImportFixture.customerMaps))
        var request = fixture.request(
            .orders, ImportFixture.file("orders.csv"), maps: ImportFixture.orderMaps, set: set)
        request.linesPath = ImportFixture.file("order_details.csv")
        request.joinColumn = "order_id"
        let first = try await fixture.run(request)
        #expect(first.read == 4)
        #expect(first.written == 3)
        #expect(first.rejected == 2)
        #expect(first.ignoredColumns == ["employee_id", "required_date"])
        let second = try await fixture.run(request)
        #expect(second.written == 0)
        #expect(second.unchanged == 3)
        let rejected = try fixture.rejected().split(separator: "\r\n").map(String.init)
        #expect(rejected.count == 3)
        #expect(rejected.contains { $0.hasPrefix("5,") && $0.contains("NOBOD") })
        #expect(rejected.contains { $0.hasPrefix("10,") && $0.contains("no order is 99999") })

        let orders = fixture.store.commerce.orders
        let found = try await fixture.store.log.read { transaction in
            try ["20248", "20249", "20250"].map { try orders.find(number: $0, of: .first, in: transaction) }
        }.value
        // 14.00 * 12 + 9.80 * 10 - 14.70 + 32.38; 18.60 * 9 + 42.40 * 40 - 84.80 + 11.61;
        // 7.70 * 10 + 42.40 * 35 - 222.60 + 16.80 * 15 - 37.80 + 65.83
        #expect(found.map(\.amounts.total.description) == ["283.68", "1790.21", "1618.43"])
        #expect(found.map(\.status) == [.shipped, .pending, .shipped])
        #expect(found.first?.orderedAt == Timestamp("1996-07-04T00:00:00Z"))
        #expect(found.first?.lines?.map(\.discount.description) == ["0.00", "14.70"])
        await fixture.store.close()
    }

    @Test func rejectedRowsStandInAFileWithLineAndReason() async throws {
        let fixture = try await ImportFixture()
        let file = try fixture.write(
            "sku,name,price\nA,Apple,1.25\nB,,2\nC,Cherry,dear\nD,Date\n\"E,Egg,3\n", to: "products.csv")
        let summary = try await fixture.run(fixture.request(.products, file))
        #expect(summary.read == 5)
        #expect(summary.written == 1)
        #expect(summary.rejected == 4)
        let lines = try fixture.rejected().split(separator: "\r\n").map(String.init)
        #expect(lines.first == "line,reason,sku,name,price")
        #expect(lines.contains("4,\"price: \"\"dear\"\" is not an amount, such as 9.80\",C,Cherry,dear"))
        #expect(lines.contains("5,the row has 2 fields where the header has 3,D,Date"))
        #expect(lines.contains("6,the record has a field in quotes that is never closed"))
        #expect(lines.contains { $0.hasPrefix("3,") && $0.contains("name: This member is required") })
        await fixture.store.close()
    }

    @Test func linesOfJSONKeepTheirOwnNames() async throws {
        let fixture = try await ImportFixture()
        let file = try fixture.write(
            """
            {"sku": "A", "name": "Apple", "price": 1.25, "tags": ["fruit", "red"]}
            {"sku": "B", "name": "Beet", "cents": 2}
            {"artno": "C", "name": "Cherry", "price": "3"}
            [1]
            {

            """, to: "products.ndjson")
        let summary = try await fixture.run(fixture.request(.products, file, maps: ["artno=sku"]))
        #expect(summary.read == 5)
        #expect(summary.written == 2)
        let lines = try fixture.rejected().split(separator: "\r\n")
        #expect(lines.count == 4)
        #expect(lines.contains { $0.hasPrefix("2,") && $0.contains("cents: There is no member of this name here.") })
        #expect(lines.contains { $0.hasPrefix("4,the line is no JSON object") })
        await fixture.store.close()
    }

    @Test func withoutACurrencyNothingIsRounded() async throws {
        let fixture = try await ImportFixture()
        let file = try fixture.write("sku,name,price\nA,Apple,1.234\nB,Bread,2.5\n", to: "products.csv")
        let summary = try await fixture.run(fixture.request(.products, file))
        #expect(summary.written == 1)
        #expect(summary.rounded == 0)
        #expect(try fixture.rejected().contains("price: An amount of USD"))
        let dinars = try await fixture.run(fixture.request(.products, file, set: ["currency=KWD"]))
        #expect(dinars.written == 2)
        #expect(dinars.rounded == 0)
        await fixture.store.close()
    }

    @Test(arguments: [
        (["nonsense"], "is no mapping"), (["name=colour"], "products have no colour"),
        (["artno=sku"], "There is no column artno"), (["!name=name"], "is no true or false"),
        (["name=sku", "sku=sku"], "sku is mapped twice"),
    ])
    func aWrongMappingIsRefusedBeforeAnythingIsWritten(_ maps: [String], _ message: String) async throws {
        let fixture = try await ImportFixture()
        let file = try fixture.write("sku,name,price\nA,Apple,1\n", to: "products.csv")
        await #expect { try await fixture.run(fixture.request(.products, file, maps: maps)) } throws: { error in
            (error as? Failure)?.code == "invalid_mapping" && (error as? Failure)?.message.contains(message) == true
        }
        #expect(fixture.store.log.head == .start)
        await fixture.store.close()
    }

    @Test(arguments: ["", "a,a\n", "a,\n", "\"a\n"])
    func aWrongHeaderIsRefused(_ text: String) async throws {
        let fixture = try await ImportFixture()
        let file = try fixture.write(text, to: "products.csv")
        await #expect { try await fixture.run(fixture.request(.products, file)) } throws: { error in
            (error as? Failure)?.code == "invalid_header"
        }
        await fixture.store.close()
    }
}
