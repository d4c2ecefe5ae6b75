import API
import ChangeLog
import Commerce
import Core
import TestKit
import Testing

/// What is sold over HTTP is recommended, and counts for what is recommended, with no second call.
@Suite(.timeLimit(.minutes(5))) struct ShopRecommendationTests {
    private static func withShop(
        _ engine: TestStore.Engine, _ body: (LiveServer) async throws -> Void
    ) async throws {
        let commerce = Commerce()
        let shop =
            Routes.productRoutes(commerce) + Routes.customerRoutes(commerce) + Routes.orderRoutes(commerce)
            + Routes.inventoryRoutes(commerce)
        try await RecommendationRoutesFixture.withServer(
            engine, shop: commerce, routes: shop, body)
    }

    private static func post(
        _ server: LiveServer, _ path: String, _ body: String, headers: [String: String] = [:]
    ) async throws -> String {
        let answer = try await server.send("POST", "/api/v1/\(path)", body, headers: headers)
        #expect((200..<300).contains(answer.status), "\(path): \(String(decoding: answer.body, as: UTF8.self))")
        return try answer.json().text("id")
    }

    private static func product(
        _ server: LiveServer, _ sku: String, headers: [String: String] = [:]
    ) async throws -> String {
        let body = #"{"sku": "\#(sku)", "name": "\#(sku)", "price": "3.00", "currency": "USD"}"#
        return try await post(server, "products", body, headers: headers)
    }

    private static func order(_ server: LiveServer, of customer: String, _ skus: String...) async throws -> String {
        let items = skus.map { #"{"sku": "\#($0)", "quantity": 2}"# }.joined(separator: ", ")
        return try await post(
            server, "orders", #"{"customer_id": "\#(customer)", "items": [\#(items)], "reserve": false}"#)
    }

    /// The ids of what is recommended, in their order.
    private static func recommended(
        _ server: LiveServer, _ path: String, headers: [String: String] = [:]
    ) async throws -> [String] {
        let answer = try await server.send("GET", "/api/v1/recommendations/\(path)", headers: headers)
        let json = try answer.json()
        guard case .array(let found)? = json["recommendations"] ?? json["trending"] else { return [] }
        return found.compactMap { if case .string(let id)? = $0["entity_id"] { id } else { nil } }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatWasBoughtIsPopularAndNotRecommendedAgain(_ engine: TestStore.Engine) async throws {
        try await Self.withShop(engine) { server in
            var ids: [String] = []
            for sku in ["tea", "milk", "beer"] { ids.append(try await Self.product(server, sku)) }
            let (tea, milk, beer) = (ids[0], ids[1], ids[2])
            let ada = try await Self.post(server, "customers", #"{"name": "Ada"}"#)
            let bob = try await Self.post(server, "customers", #"{"name": "Bob"}"#)
            let first = try await Self.order(server, of: ada, "beer", "milk")
            _ = try await Self.order(server, of: bob, "beer")
            try await wait { try await Self.recommended(server, "user/\(bob)") == [milk, tea] }
            try await wait { try await Self.recommended(server, "trending") == [beer, milk, tea] }
            try await wait { try await Self.recommended(server, "user/\(ada)") == [tea] }
            // Bob is the only one who bought anything in the end.
            let cancelled = try await server.send(
                "POST", "/api/v1/orders/\(first)/cancel", "{}", headers: ["If-Match": "\"1\""])
            #expect(cancelled.status == 200, "\(String(decoding: cancelled.body, as: UTF8.self))")
            try await wait { try await Set(Self.recommended(server, "user/\(ada)")) == [tea, milk, beer] }
            _ = try await Self.order(server, of: bob, "tea")
            try await wait { try await Self.recommended(server, "trending") == [tea, beer, milk] }
            try await wait { try await Self.recommended(server, "user/\(bob)") == [milk] }
        }
    }

    /// What came of the answers of `popular`.
    private static func statistics(_ server: LiveServer) async throws -> JSONValue {
        let answer = try await server.send("GET", "/api/v1/recommendations/statistics").json()
        return answer["statistics"]?.elements.first { $0["algorithm"] == .string("popular") } ?? .null
    }

    private static func purchases(_ server: LiveServer, of user: String) async throws -> [JSONValue] {
        let history = try await server.send("GET", "/api/v1/interactions/user/\(user)")
        return try JSONParser.parse(history.body).elements.filter { $0["interaction_type"] == .string("purchase") }
    }

    private static func view(
        _ server: LiveServer, _ product: String, of user: String, at time: Timestamp, after answer: String
    ) async throws {
        _ = try await post(
            server, "interactions",
            """
            {"user_id": "\(user)", "entity_id": "\(product)", "entity_type": "product", "interaction_type": "view",
             "timestamp": "\(time)", "recommendation_id": "\(answer)"}
            """)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOrderIsCreditedToTheAnswerThatLedToIt(_ engine: TestStore.Engine) async throws {
        try await Self.withShop(engine) { server in
            var ids: [String] = []
            for sku in ["tea", "milk", "beer"] { ids.append(try await Self.product(server, sku)) }
            let ada = try await Self.post(server, "customers", #"{"name": "Ada"}"#)
            try await wait { try await Self.recommended(server, "trending").count == 3 }
            let path = "/api/v1/recommendations/user/\(ada)?algorithm=popular"
            let answer = try await server.send("GET", path).json()
            let name = try #require(answer["recommendation_id"]?.string)
            let now = SystemTime().now()
            try await Self.view(server, ids[0], of: ada, at: now, after: name)
            // The beer was looked at too long ago, and the milk without an answer.
            try await Self.view(server, ids[2], of: ada, at: now.advanced(bySeconds: -7 * 86_400 - 60), after: name)
            let order = try await Self.order(server, of: ada, "tea", "milk", "beer")
            try await wait { try await Self.statistics(server)["conversions"] == .number("1") }
            let purchases = try await Self.purchases(server, of: ada)
            #expect(purchases.count == 3)
            let credited = purchases.filter { $0["recommendation_id"] == .string(name) }
            #expect(credited.map { $0["entity_id"] } == [.string(ids[0])])
            // A client that tells of the purchase itself tells nothing new.
            _ = try await Self.post(
                server, "interactions",
                """
                {"user_id": "\(ada)", "entity_id": "\(ids[0])", "entity_type": "product",
                 "interaction_type": "purchase", "recommendation_id": "\(name)"}
                """)
            #expect(try await Self.statistics(server)["conversions"] == .number("1"))
            let told = "entity_id=\(ids[0])&entity_type=product&interaction_type=purchase"
            let cancelled = try await server.send(
                "POST", "/api/v1/orders/\(order)/cancel", "{}", headers: ["If-Match": "\"1\""])
            #expect(cancelled.status == 200)
            try await wait { try await Self.purchases(server, of: ada).count == 1 }
            // What the client told stands until it takes that back.
            #expect(try await Self.statistics(server)["conversions"] == .number("1"))
            let gone = try await server.send("DELETE", "/api/v1/interactions/user/\(ada)?\(told)")
            #expect(gone.status == 200)
            #expect(try await Self.statistics(server)["conversions"] == .number("0"))
            #expect(try await Self.statistics(server)["clicks"] == .number("1"))
        }
    }

    /// What a shop says of its products is enough to find them by category.
    @Test(arguments: TestStore.Engine.allCases)
    func productsAreFoundByTheirCategory(_ engine: TestStore.Engine) async throws {
        try await Self.withShop(engine) { server in
            func product(_ sku: String, _ members: String) async throws -> String {
                let body = #"{"sku": "\#(sku)", "name": "\#(sku)", "price": "3.00", "currency": "USD", \#(members)}"#
                return try await Self.post(server, "products", body)
            }
            let radio = try await product("radio", #""attributes": {"category": "electronics"}"#)
            let phone = try await product("phone", #""tags": ["new", "electronics"]"#)
            let novel = try await product("novel", #""attributes": {"categories": ["books"]}"#)
            let all: Set = [radio, phone, novel]
            try await wait { try await Set(Self.recommended(server, "trending")) == all }
            for path in ["user/ada?", "trending?", "entity/\(novel)?entity_type=product&"] {
                #expect(try await Set(Self.recommended(server, path + "category=electronics")) == [radio, phone])
            }
            let two = try await Set(Self.recommended(server, "user/ada?category=new,books"))
            #expect(two == [phone, novel])
            for (category, count) in [(#""electronics""#, 2), (#"["new", "books"]"#, 2), ("null", 3), (#""x""#, 0)] {
                let body = #"{"user_id": "ada", "category": \#(category)}"#
                let answer = try await server.send("POST", "/api/v1/recommendations", body).json()
                #expect(answer["recommendations"]?.elements.count == count, "\(category)")
            }
            for wrong in ["[]", "5", #"[""]"#, #""""#] {
                let body = #"{"user_id": "ada", "category": \#(wrong)}"#
                #expect(try await server.send("POST", "/api/v1/recommendations", body).status == 422, "\(wrong)")
            }
            let wrong = try await server.send("GET", "/api/v1/recommendations/user/ada?category=a,,b")
            #expect(wrong.status == 400)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsOutOfStockDropsOutAndComesBack(_ engine: TestStore.Engine) async throws {
        try await Self.withShop(engine) { server in
            let tea = try await Self.product(server, "tea")
            let milk = try await Self.product(server, "milk")
            func stock(_ movement: String) async throws {
                let answer = try await server.send(
                    "POST", "/api/v1/inventory/\(movement)", #"{"sku": "tea", "quantity": 2}"#)
                #expect((200..<300).contains(answer.status), "\(String(decoding: answer.body, as: UTF8.self))")
            }
            try await stock("receive")
            try await wait { try await Set(Self.recommended(server, "user/ada")) == [tea, milk] }
            let held = try await Self.post(server, "inventory/tea/reserve", #"{"quantity": 2}"#)
            try await wait { try await Self.recommended(server, "user/ada") == [milk] }
            let released = try await server.send("POST", "/api/v1/inventory/reservations/\(held)/release", "{}")
            #expect(released.status == 200, "\(String(decoding: released.body, as: UTF8.self))")
            try await wait { try await Set(Self.recommended(server, "user/ada")) == [tea, milk] }
            let entity = try await server.send("GET", "/api/v1/entities/\(tea)?entity_type=product").json()
            #expect(entity["attributes"]?["price"] == .number("3.0"))
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func nobodyIsRecommendedWhatAnotherShopSells(_ engine: TestStore.Engine) async throws {
        try await Self.withShop(engine) { server in
            let key = try await server.keyOfAnotherTenant(scopes: ["recommendations:*", "products:*"])
            let stranger = ["Authorization": "Bearer \(key)"]
            let tea = try await Self.product(server, "tea")
            let rum = try await Self.product(server, "tea", headers: stranger)
            try await wait { try await Self.recommended(server, "trending", headers: stranger) == [rum] }
            try await wait { try await Self.recommended(server, "trending") == [tea] }
        }
    }
}
