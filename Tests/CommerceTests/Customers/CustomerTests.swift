import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct CustomerTests {
    private let maria = """
        {"name": "Maria Anders", "email": "Maria@Example.com", "phone": "030-0074321", "company": "Alfreds Futterkiste",
         "external_id": "ALFKI", "notes": "Likes tea", "tags": ["vip"], "addresses": [
           {"type": "billing", "name": "Maria", "line1": "Obere Str. 57, Hof 4B", "city": "Berlin",
            "postal_code": "12209", "country": "Germany", "is_default": true}]}
        """

    private func create(_ json: String, in shop: CatalogFixture, as tenant: Tenant = .first) async throws -> Customer {
        let draft = try decode(json) { CustomerDraft(&$0) }
        return try await shop.write(as: tenant) { try shop.customers.create(draft, in: $0) }
    }

    private func patch(
        _ id: Identifier, _ json: String, expecting version: Int64? = nil, in shop: CatalogFixture
    ) async throws -> Customer {
        let patch = try decode(json) { CustomerPatch(&$0) }
        return try await shop.write { try shop.customers.update(id, patch, expecting: version, in: $0) }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsCreatedIsFoundAgain(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let created = try await create(maria, in: shop)
        let found = try await shop.read { try shop.customers.find(created.id, of: .first, in: $0) }
        #expect(found == created)
        #expect(
            text(found) == """
                {"id":"\(created.id)","name":"Maria Anders","email":"Maria@Example.com","phone":"030-0074321",\
                "company":"Alfreds Futterkiste","external_id":"ALFKI","notes":"Likes tea","addresses":[\
                {"id":"\(created.addresses[0].id)","type":"billing","name":"Maria","company":null,\
                "line1":"Obere Str. 57, Hof 4B","line2":null,"city":"Berlin","region":null,"postal_code":"12209",\
                "country":"Germany","phone":null,"is_default":true}],"tags":["vip"],"version":1,\
                "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}
                """)
        let byExternal = try await shop.read { try shop.customers.find(externalID: "ALFKI", of: .first, in: $0) }
        #expect(byExternal == created)
        let exists = try await shop.read { transaction in
            try [created.id, Identifier(high: 1, low: 1)].map {
                try shop.customers.exists($0, of: .first, in: transaction)
            }
        }
        #expect(exists == [true, false])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func emailsAreUniqueWhateverTheirCase(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let failures = try await withThrowingTaskGroup(of: Failure?.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let email = number.isMultiple(of: 2) ? "a@b.example" : "A@B.Example"
                    return try await failure { try await create(#"{"name": "x", "email": "\#(email)"}"#, in: shop) }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(failures.count { $0 == nil } == 1)
        #expect(failures.count { $0?.code == "email_taken" } == 49)
        let nameless = try await create(#"{"name": "y"}"#, in: shop)
        _ = try await create(#"{"name": "z"}"#, in: shop)
        let patched = try await failure { try await patch(nameless.id, #"{"email": "A@b.example"}"#, in: shop) }
        #expect(patched?.code == "email_taken")
        _ = try await create(#"{"name": "e", "external_id": "E"}"#, in: shop)
        let external = try await failure { try await create(#"{"name": "f", "external_id": "E"}"#, in: shop) }
        #expect(external?.code == "external_id_taken")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func patchesReplacementsAndVersions(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let old = try await create(maria, in: shop)
        let first = old.addresses[0].id
        let new = try await patch(
            old.id,
            #"{"email": null, "notes": null, "addresses": [{"id": "\#(first)", "line1": "New 1", "city": "Bonn","#
                + #" "country": "DE"}, {"line1": "New 2", "city": "Bonn", "country": "DE"}]}"#, expecting: 1, in: shop)
        #expect(new.version == 2)
        #expect(new.email == nil)
        #expect(new.phone == "030-0074321")
        #expect(new.addresses.map(\.address.line1) == ["New 1", "New 2"])
        #expect(new.addresses[0].id == first)
        #expect(new.addresses[0].purpose == .shipping)
        #expect(new.addresses[1].id != first)
        let late = try await failure { try await patch(old.id, "{}", expecting: 1, in: shop) }
        #expect(late?.code == "version_mismatch")
        let unknown = try await failure {
            try await patch(
                old.id, #"{"addresses": [{"id": "\#(old.id)", "line1": "x", "city": "x", "country": "DE"}]}"#, in: shop)
        }
        #expect(unknown?.errors.map(\.pointer) == ["/addresses/0/id"])
        let draft = try decode(#"{"name": "Anna", "email": "anna@example.com"}"#) { CustomerDraft(&$0) }
        let replaced = try await shop.write { try shop.customers.replace(old.id, draft, expecting: 2, in: $0) }
        #expect(replaced.version == 3)
        #expect(replaced.addresses.isEmpty && replaced.tags.isEmpty && replaced.phone == nil)
        #expect(replaced.createdAt == old.createdAt)
        let read = try await shop.read { try shop.customers.find(old.id, of: .first, in: $0) }
        #expect(read == replaced)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aNewDefaultAddressTakesOver(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let customer = try await create(maria, in: shop)
        let draft = try decode(#"{"type": "billing", "line1": "x", "city": "y", "country": "DE", "is_default": true}"#)
        {
            CustomerAddressDraft(&$0)
        }
        let added = try await shop.write {
            try shop.customers.addAddress(draft, to: customer.id, expecting: 1, in: $0)
        }
        #expect(added.version == 2)
        let read = try await shop.read { try shop.customers.find(customer.id, of: .first, in: $0) }
        #expect(read.addresses.map(\.isDefault) == [false, true])
        #expect(read.addresses[1] == added.address)
        let one = #"{"line1": "x", "city": "y", "country": "DE", "is_default": true}"#
        let twice = try await failure { try await patch(customer.id, #"{"addresses": [\#(one), \#(one)]}"#, in: shop) }
        #expect(twice?.errors.map(\.pointer) == ["/addresses/1/is_default"])
        let many = Array(repeating: #"{"line1": "x", "city": "y", "country": "DE"}"#, count: 50).joined(separator: ",")
        _ = try await patch(customer.id, #"{"addresses": [\#(many)]}"#, in: shop)
        let full = try await failure {
            try await shop.write { try shop.customers.addAddress(draft, to: customer.id, expecting: nil, in: $0) }
        }
        #expect(full?.code == "too_many_addresses")
        let tooMany = try await failure {
            try await patch(customer.id, #"{"addresses": [\#(many),\#(one)]}"#, in: shop)
        }
        #expect(tooMany?.errors.map(\.pointer) == ["/addresses"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func listsFilterAndPage(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        for (index, name) in ["Ända", "anna", "Anton", "Bert", "ANNA"].enumerated() {
            _ = try await create(#"{"name": "\#(name)", "email": "\#(name)\#(index)@example.com"}"#, in: shop)
        }
        func names(_ filter: CustomerFilter, _ page: PageRequest = PageRequest()) async throws -> [String] {
            try await shop.read { try shop.customers.list(filter, page, of: .first, in: $0).items.map(\.name) }
        }
        #expect(try await names(CustomerFilter()) == ["ANNA", "Bert", "Anton", "anna", "Ända"])
        var filter = CustomerFilter()
        filter.search = "AN"
        filter.sort = .name
        filter.descending = false
        let first = try await shop.read { [filter] in
            try shop.customers.list(filter, PageRequest(limit: 2, countsTotal: true), of: .first, in: $0)
        }
        #expect(first.items.map(\.name) == ["anna", "ANNA"])
        #expect(first.total == 3)
        #expect(try await names(filter, PageRequest(limit: 2, after: first.next)) == ["Anton"])
        filter.search = "ä"
        #expect(try await names(filter) == ["Ända"])
        var byEmail = CustomerFilter()
        byEmail.email = "BERT3@EXAMPLE.com"
        #expect(try await names(byEmail) == ["Bert"])
        byEmail.externalID = "none"
        #expect(try await names(byEmail) == [])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aCustomerWithOrdersStays(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let customer = try await create(maria, in: shop)
        let guarded = Customers { _, _, _ in true }
        let refusal = try await failure {
            try await shop.write { try guarded.delete(customer.id, expecting: 1, in: $0) }
        }
        #expect(refusal?.code == "customer_has_orders")
        try await shop.write { try shop.customers.delete(customer.id, expecting: 1, in: $0) }
        let missing = try await failure {
            try await shop.read { try shop.customers.find(customer.id, of: .first, in: $0) }
        }
        #expect(missing?.kind == .notFound)
        let changes = try await shop.changes()
        #expect(changes.map { "\($0.entityType) \($0.operation)" } == ["customer insert", "customer delete"])
        #expect(changes[1].before == JSONWriter.bytes(of: customer))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aTenantSeesAndChangesOnlyItsOwn(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let mine = try await create(maria, in: shop)
        let other = CatalogFixture.other
        let customers = shop.customers
        let address = CustomerAddressDraft(Address(line1: "x", city: "y", country: "DE"))
        let attempts: [@Sendable () async throws -> Void] = [
            { _ = try await shop.read { try customers.find(mine.id, of: other, in: $0) } },
            { _ = try await shop.read { try customers.find(externalID: "ALFKI", of: other, in: $0) } },
            { _ = try await shop.write(as: other) { try customers.update(mine.id, .init(), expecting: nil, in: $0) } },
            {
                let draft = CustomerDraft(name: "x")
                _ = try await shop.write(as: other) { try customers.replace(mine.id, draft, expecting: nil, in: $0) }
            },
            { try await shop.write(as: other) { try customers.delete(mine.id, expecting: nil, in: $0) } },
            {
                _ = try await shop.write(as: other) {
                    try customers.addAddress(address, to: mine.id, expecting: nil, in: $0)
                }
            },
        ]
        for attempt in attempts {
            #expect(try await failure(attempt)?.kind == .notFound)
        }
        let seen = try await shop.read { transaction in
            (
                try customers.exists(mine.id, of: other, in: transaction),
                try customers.list(CustomerFilter(), PageRequest(), of: other, in: transaction).items.count
            )
        }
        #expect(seen == (false, 0))
        _ = try await create(maria, in: shop, as: other)
    }

    @Test func emailsAreCheckedModestly() {
        for good in ["a@b", "Ä.b+c@xn--bcher-kva.example", "o'neil@mail.example.co.uk"] {
            #expect(EmailAddress(good)?.text == good)
        }
        for bad in [
            "a", "@b", "a@", "a@b.", "a@.b", "a b@c", "a@b@c", "a@b\u{7F}", "\(String(repeating: "x", count: 65))@b",
        ] {
            #expect(EmailAddress(bad) == nil, "\(bad)")
        }
    }
}
