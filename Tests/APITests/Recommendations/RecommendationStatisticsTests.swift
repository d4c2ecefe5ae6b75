import Core
import Logging
import Recommendations
import ServiceLifecycle
import Storage
import Telemetry
import TestKit
import Testing

/// What came of answers, as clients are told of it.
@Suite(.timeLimit(.minutes(5))) struct RecommendationStatisticsTests {
    private static let path = "/api/v1/recommendations"

    private func fill(_ server: LiveServer) async throws {
        let rows = ["tea", "mug", "cup", "pot"].map {
            #"{"entity_id": "\#($0)", "entity_type": "product", "attributes": {}}"#
        }
        let body = #"{"entities": [\#(rows.joined(separator: ","))]}"#
        #expect(try await server.send("POST", "/api/v1/entities/bulk", body).status == 202)
    }

    /// The id of an answer with so many entities.
    private func ask(_ server: LiveServer, _ query: String) async throws -> String {
        let answer = try await server.send("GET", "\(Self.path)/user/ada?\(query)")
        #expect(answer.status == 200)
        return try #require(try answer.json()["recommendation_id"]?.string)
    }

    private func act(_ server: LiveServer, _ kind: String, _ entity: String, after answer: String) async throws {
        let body = """
            {"user_id": "eve", "entity_id": "\(entity)", "entity_type": "product", "interaction_type": "\(kind)",
             "recommendation_id": "\(answer)"}
            """
        #expect(try await server.send("POST", "/api/v1/interactions", body).status == 201)
    }

    /// What is told, by algorithm and variant.
    private func statistics(_ server: LiveServer, headers: [String: String] = [:]) async throws -> [JSONValue] {
        let answer = try await server.send("GET", "\(Self.path)/statistics", headers: headers)
        #expect(answer.status == 200)
        return try answer.json()["statistics"]?.elements ?? []
    }

    @Test(arguments: TestStore.Engine.allCases)
    func everyFigureIsTrue(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            try await fill(server)
            let plain = try await ask(server, "algorithm=popular&count=4")
            // The same question, which is answered from the cache.
            #expect(try await ask(server, "algorithm=popular&count=4") == plain)
            let a = try await ask(server, "algorithm=popular&count=4&variant=A")
            let b = try await ask(server, "algorithm=hybrid&count=4&variant=B")
            // All of them stand in each answer, in whatever order.
            for entity in ["pot", "pot", "cup"] { try await act(server, "view", entity, after: plain) }
            try await act(server, "click", "pot", after: plain)
            try await act(server, "purchase", "pot", after: plain)
            try await act(server, "like", "pot", after: a)
            try await act(server, "purchase", "pot", after: b)
            try await wait {
                try await statistics(server).reduce(0) { $0 + (Int($1["answers"]?.shown ?? "") ?? 0) } == 4
            }
            let found = try await statistics(server)
            let expected = [
                """
                {"algorithm":"hybrid","variant":"B","answers":1,"items":4,"interactions":{"purchase":1},"clicks":0,\
                "click_rate":0.0,"conversions":1,"conversion_rate":0.25}
                """,
                """
                {"algorithm":"popular","variant":null,"answers":2,"items":8,\
                "interactions":{"click":1,"purchase":1,"view":2},"clicks":2,"click_rate":0.25,"conversions":1,\
                "conversion_rate":0.125}
                """,
                """
                {"algorithm":"popular","variant":"A","answers":1,"items":4,"interactions":{"like":1},"clicks":0,\
                "click_rate":0.0,"conversions":0,"conversion_rate":0.0}
                """,
            ]
            #expect(found.map { String(decoding: JSONWriter.bytes(of: $0), as: UTF8.self) } == expected)
            let past = try await server.send(
                "GET", "\(Self.path)/statistics?to=2020-01-01T00:00:00Z&from=2019-01-01T00:00:00Z")
            #expect(try past.json()["statistics"]?.elements.isEmpty == true)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anotherTenantSeesNothingOfIt(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            try await fill(server)
            let answer = try await ask(server, "algorithm=popular")
            try await act(server, "view", "tea", after: answer)
            try await wait { try await statistics(server).first?["answers"] == .number("1") }
            let key = try await server.keyOfAnotherTenant(scopes: ["recommendations:*"])
            let stranger = ["Authorization": "Bearer \(key)"]
            #expect(try await statistics(server, headers: stranger).isEmpty)
            // Nor does it count for anything that they name an answer of ours.
            let body = """
                {"user_id": "x", "entity_id": "tea", "entity_type": "product", "interaction_type": "view",
                 "recommendation_id": "\(answer)"}
                """
            #expect(try await server.send("POST", "/api/v1/interactions", body, headers: stranger).status == 422)
            #expect(try await statistics(server, headers: stranger).isEmpty)
        }
    }

    /// What was counted since the last time is written when the server stops, in whatever way it does.
    @Test(arguments: TestStore.Engine.allCases, [true, false])
    func answersCountThoughTheServerStops(_ engine: TestStore.Engine, isGraceful: Bool) async throws {
        let store = try await TestStore(engine, schemas: [RecommendationsSchema.schema], clock: SystemTime())
        let role = try RecommendationRoutesFixture(store).role
        let query = RecommendationQuery(.user("ada"))
        func serve() async throws {
            try await wait { role.isReady }
            role.count(ServedAnswer(try role.recommend(query, of: .first), of: query), of: .first)
        }
        if isGraceful {
            let group = ServiceGroup(
                configuration: .init(services: role.services.map { .init(service: $0) }, logger: Logger(label: "test")))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                try await serve()
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        } else {
            try await RunningServices.run(role.services, serve)
        }
        let found = try await store.database.read { transaction in
            let now = SystemTime().now()
            return try role.outcomes.statistics(
                from: now.advanced(bySeconds: -86_400), to: now, of: .first, in: transaction)
        }
        #expect(found.map(\.answers) == [1])
    }

    /// An answer is kept for who asks the same, where anything may be kept.
    @Test(arguments: [("1000000", 1), ("0", 0)])
    func theSameQuestionIsAnsweredFromTheCache(_ size: String, _ hits: Int) async throws {
        let settings = ["recommendations.cache_size": size]
        try await RecommendationRoutesFixture.withServer(settings: settings) { server in
            try await fill(server)
            let found = server.store.metrics.counter("cache_hits_total", "", labels: ["cache"]).with("recommendations")
            var asked: Int64 = 0
            func ask() async throws {
                _ = try await self.ask(server, "count=2")
                asked += 1
            }
            try await ask()
            #expect(found.value == 0)
            let text = String(decoding: PrometheusExposition.text(of: server.store.metrics), as: UTF8.self)
            let bytes = text.split(separator: "\n").first { $0.hasPrefix(#"cache_bytes{cache="recommendations"}"#) }
            #expect((bytes?.hasSuffix(" 0") == true) == (hits == 0), "\(bytes ?? "")")
            // Until a model is learnt of what was written.
            try await wait {
                try await ask()
                return found.value >= hits
            }
            #expect(found.value == hits)
            // Another question is another answer.
            _ = try await self.ask(server, "count=3")
            #expect(found.value == hits)
            // What is answered from the cache is an answer like any other.
            let all = asked + 1
            try await wait { try await statistics(server).first?["answers"] == .integer(all) }
        }
    }
}

extension JSONValue {
    fileprivate var shown: String { if case .number(let digits) = self { digits } else { "" } }
}
