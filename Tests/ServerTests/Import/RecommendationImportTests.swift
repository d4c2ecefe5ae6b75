import ChangeLog
import Core
import Foundation
import Recommendations
import Server
import Storage
import Testing

/// Files of entities and of what users did.
@Suite struct RecommendationImportTests {
    private func interactions(_ fixture: ImportFixture) async throws -> [Interaction] {
        try await fixture.store.database.read {
            try Interactions(types: InteractionTypes()).page(after: nil, limit: 100, of: .first, in: $0)
        }
    }

    private func entities(_ fixture: ImportFixture) async throws -> [Item] {
        try await fixture.store.database.read { try Items().page(after: nil, limit: 100, of: .first, in: $0) }
    }

    @Test func interactionsComeInByTheirColumnsOnce() async throws {
        let fixture = try await ImportFixture()
        let path = try fixture.write(
            """
            who,what,act,at,how_much,note
            ada,tea,view,2026-01-02T03:04:05Z,,a
            ada,mug,like,2026-01-02,0.5,
            ,mug,like,2026-01-02,1,
            ada,mug,like,2026-01-02,-1,
            ada,mug,like,yesterday,1,
            ada,cup,"{""rating"": 4}",2026-01-03,,
            """, to: "acts.csv")
        let request = fixture.request(
            .interactions, path,
            maps: [
                "who=user_id", "what=entity_id", "act=interaction_type", "at=timestamp", "how_much=weight",
                "note=metadata.note",
            ])
        for _ in 0..<2 {
            let summary = try await fixture.run(request)
            #expect(summary.read == 6 && summary.written == 3 && summary.rejected == 3)
            let rejected = try fixture.rejected()
            #expect(rejected.contains("4,user_id: This member is required."))
            #expect(rejected.contains("5,weight: A number from 0 to 1000 is expected."))
            #expect(rejected.contains("6,\"timestamp: \"\"yesterday\"\" is not a date or time"))
        }
        let found = try await interactions(fixture)
        #expect(found.map(\.item.id) == ["mug", "tea", "cup"])
        #expect(found.map(\.weight) == [0.5, 1, 4])
        #expect(found.map(\.item.type) == ["product", "product", "product"])
        #expect(found.map { $0.metadata["note"] } == [nil, .string("a"), nil])
        #expect(try await entities(fixture).isEmpty)
        await fixture.store.close()
    }

    /// The same moment in all the ways in which a file may have it.
    @Test(arguments: [
        ("timestamp", "2023-11-14T22:13:20Z"), ("timestamp", "2023-11-14T23:13:20+01:00"),
        ("unix_seconds", "1700000000"), ("unix_seconds", "1700000000.0"), ("unix_milliseconds", "1700000000000"),
    ])
    func timesAreWhatTheirColumnSays(_ column: String, _ text: String) async throws {
        let fixture = try await ImportFixture()
        let table = try fixture.write("u\titem\t4\t\(text)\n", to: "u.data")
        var request = fixture.request(.interactions, table)
        request.format = .tsv
        request.columns = ["user_id", "entity_id", "rating", column]
        request.recommendations.entityType = "film"
        #expect(try await fixture.run(request).written == 1)
        let value = column == "timestamp" ? "\"\(text)\"" : text
        let line = """
            {"user_id": "u", "entity_id": "item", "entity_type": "film", "rating": 4, "\(column)": \(value)}
            """
        for (name, content) in [("u.ndjson", line), ("u.json", "[\(line)]")] {
            let path = try fixture.write(content, to: name)
            #expect(try await fixture.run(fixture.request(.interactions, path)).written == 1)
        }
        // All three are one.
        let found = try await interactions(fixture)
        #expect(found.map(\.time) == [Timestamp(microseconds: 1_700_000_000_000_000)])
        #expect(found.map(\.item) == [ItemKey("film", "item")] && found.map(\.weight) == [4])
        await fixture.store.close()
    }

    @Test func basketsAreUsersOfTheirOwn() async throws {
        let fixture = try await ImportFixture()
        let path = try fixture.write("tea,mug\n\n cup , tea,\ntea\n", to: "baskets.csv")
        var request = fixture.request(.interactions, path)
        request.hasBaskets = true
        request.recommendations.createsEntities = true
        let mug = ItemDraft(ItemKey("product", "mug"), attributes: JSONObject([.init("colour", .string("red"))]))
        _ = try await fixture.store.log.write(ChangeContext(tenant: .first, actor: "test")) {
            _ = try Items().put([mug], in: $0)
        }
        for _ in 0..<2 { #expect(try await fixture.run(request).written == 5) }
        let found = try await interactions(fixture)
        #expect(found.map(\.user) == ["basket-1", "basket-1", "basket-3", "basket-3", "basket-4"])
        #expect(found.map(\.item.id) == ["tea", "mug", "cup", "tea", "tea"])
        #expect(found.allSatisfy { $0.kind == .named("purchase") && $0.weight == 5 })
        // What is described stays as it is.
        let items = try await entities(fixture)
        #expect(items.map(\.key.id) == ["cup", "mug", "tea"])
        #expect(items.map { $0.attributes["colour"] } == [nil, .string("red"), nil])
        await fixture.store.close()
    }

    @Test func aBasketHasMoreItemsThanATableHasColumns() async throws {
        let fixture = try await ImportFixture()
        let items = (0..<2_500).map { "e\($0)" }
        let path = try fixture.write(items.joined(separator: ","), to: "one.csv")
        var request = fixture.request(.interactions, path, set: ["interaction_type=view"])
        request.hasBaskets = true
        let isMoment = request.recommendations.begin(at: "2026-01-02")
        #expect(isMoment)
        #expect(try await fixture.run(request).written == 2_500)
        let first = try await interactions(fixture)
        #expect(first.map(\.item.id) == Array(items.prefix(100)) && first.allSatisfy { $0.weight == 1 })
        #expect(first.first?.time.description == "2026-01-02T00:00:00.000001Z")
        await fixture.store.close()
    }

    @Test func entitiesComeInWithTheirFactsOnce() async throws {
        let fixture = try await ImportFixture()
        let path = try fixture.write(
            "sku,name,price,tags,sold\n1,Tea,9.50,hot|black,no\n2,Mug,,,yes\n", to: "items.csv")
        let maps = [
            "sku=entity_id", "name=attributes.name", "price=numbers.price", "tags=lists.tags", "sold=flags.sold",
        ]
        for _ in 0..<2 { #expect(try await fixture.run(fixture.request(.entities, path, maps: maps)).written == 2) }
        let found = try await entities(fixture)
        #expect(
            found.first?.attributes
                == JSONObject([
                    .init("name", .string("Tea")), .init("price", .number("9.5")), .init("sold", .bool(false)),
                    .init("tags", .array([.string("hot"), .string("black")])),
                ]))
        #expect(found.map(\.key) == [ItemKey("product", "1"), ItemKey("product", "2")])
        await fixture.store.close()
    }

    /// As the routes of exports write them.
    @Test func whatWasExportedComesBack() async throws {
        let fixture = try await ImportFixture()
        let entities = try fixture.write(
            """
            entity_id,entity_type,attributes,tenant_id,created_at,updated_at,available\r
            "a, b",film,"{""year"":1999}",default,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,false\r
            """, to: "entities.csv")
        #expect(try await fixture.run(fixture.request(.entities, entities)).written == 1)
        let table = try fixture.write(
            """
            user_id,entity_id,interaction_type,weight,metadata,tenant_id,timestamp,entity_type,id,recommendation_id\r
            u,"a, b","{""rating"":4.5}",2,"{""page"":""x""}",default,2026-01-01T00:00:00Z,film,0197f2a4,\r
            """, to: "interactions.csv")
        #expect(try await fixture.run(fixture.request(.interactions, table)).written == 1)
        let array = try fixture.write(
            """
            [
            {"id":"0197f2a4","user_id":"u","entity_id":"a, b","entity_type":"film","interaction_type":{"rating":4.5},
             "weight":2,"metadata":{"page":"x"},"tenant_id":"default","timestamp":"2026-01-01T00:00:00Z"}
            ]
            """, to: "interactions.json")
        #expect(try await fixture.run(fixture.request(.interactions, array)).written == 1)
        let item = try await self.entities(fixture).first
        #expect(item?.attributes["year"] == .number("1999") && item?.isAvailable == false)
        let found = try await interactions(fixture)
        #expect(found.count == 1 && found.first?.kind == .rating(4.5) && found.first?.weight == 2)
        #expect(found.first?.metadata["page"] == .string("x"))
        await fixture.store.close()
    }

    @Test(arguments: [
        ("", "does not begin"), (#"{"interactions": []}"#, "does not begin"), ("[", "ends before"),
        (#"[{"user_id": "]"#, "ends before"), ("[1, 2", "ends before"),
    ])
    func whatIsNoArrayIsRefused(_ text: String, _ tells: String) async throws {
        let fixture = try await ImportFixture()
        let path = try fixture.write(text, to: "x.json")
        let request = fixture.request(.interactions, path)
        let failure = await #expect(throws: Failure.self) { try await fixture.run(request) }
        #expect(failure?.code == "invalid_array" && failure?.message.contains(tells) == true)
        await fixture.store.close()
    }

    @Test func elementsThatAreNoObjectsAreRejected() async throws {
        let fixture = try await ImportFixture()
        let good = #"{"user_id": "a]\"[{", "entity_id": 7, "interaction_type": "view", "metadata": {"a": "]"}}"#
        let path = try fixture.write("[\(good),\n5, [],\n,{\"a\" 1}, \(good)]", to: "x.json")
        let summary = try await fixture.run(fixture.request(.interactions, path))
        #expect(summary.read == 6 && summary.written == 2 && summary.rejected == 4)
        #expect(try await interactions(fixture).map(\.item.id) == ["7", "7"])
        let empty = try await fixture.run(fixture.request(.interactions, fixture.write(" [ ] ", to: "y.json")))
        #expect(empty.read == 0)
        await fixture.store.close()
    }

    @Test func aTimeOrATypeHasOneSource() async throws {
        let fixture = try await ImportFixture()
        let path = try fixture.write(
            "user_id,entity_id,interaction_type,rating,timestamp,unix_seconds\n"
                + "a,b,view,4,2026-01-01,\na,b,view,,2026-01-01,5\n", to: "x.csv")
        let summary = try await fixture.run(fixture.request(.interactions, path))
        #expect(summary.rejected == 2)
        let rejected = try fixture.rejected()
        #expect(rejected.contains("rating: interaction_type says already"))
        #expect(rejected.contains("timestamp: more than one column"))
        let both = fixture.request(.interactions, path, maps: ["rating=metadata", "unix_seconds=metadata.time"])
        let failure = await #expect(throws: Failure.self) { try await fixture.run(both) }
        #expect(failure?.code == "invalid_mapping")
        await fixture.store.close()
    }
}
