import ChangeLog
import Commerce
import Core
import Knowledge
import Logging
import Memories
import Observers
import Recommendations
import Search
import TestKit
import Testing

@testable import API

/// The server does what the document says: a shop is run over HTTP, from its first product to its last refund, and
/// every request and every answer is held against the document.
@Suite(.timeLimit(.minutes(5))) struct ContractTests {
    @Test(arguments: TestStore.Engine.allCases)
    func everyOperationAnswersAsTheDocumentSays(_ engine: TestStore.Engine) async throws {
        let document = try OpenAPIDocument()
        let receiver = try await WebhookReceiver()
        try await Self.withServer(engine) { server in
            var shop = ContractClient(document, server)
            try await shop.keepProducts()
            try await shop.keepVariants()
            try await shop.keepCustomers()
            try await shop.keepLocations()
            try await shop.moveStock()
            try await shop.reserveStock()
            try await shop.takeOrders()
            try await shop.changeLines()
            try await shop.moveOrders()
            try await shop.fulfilOrders()
            try await shop.returnGoods()
            try await shop.refuseReturns()
            try await shop.keepMemories()
            try await shop.readWhatMemoriesWere()
            try await shop.findMemories()
            try await shop.keepDocuments()
            try await shop.turnTextsIntoVectors()
            try await shop.keepCollections()
            try await shop.keepPoints()
            try await shop.changePoints()
            try await shop.findPoints()
            try await shop.lookAfterCollections()
            try await shop.keepSnapshots()
            try await shop.keepGraph()
            try await shop.walkGraph()
            try await shop.drawGraph()
            try await shop.searchGraph()
            try await shop.keepEntities()
            try await shop.keepInteractions()
            try await shop.recommendEntities()
            try await shop.exportRecommendations()
            try await shop.keepKeys()
            try await shop.readChanges()
            try await shop.keepObservers(receiver)
            try await shop.observeEvents(receiver)
            try await shop.operate()
            let missing = Set(document.operations.map(\.name)).subtracting(shop.exercised)
            #expect(missing.sorted() == [], "operations that nothing here has exercised")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func everyOperationDemandsACredentialWithItsScope(_ engine: TestStore.Engine) async throws {
        let document = try OpenAPIDocument()
        try await Self.withServer(engine) { server in
            let scopes = try #require(Scopes(["nothing:read"]))
            let credentials = Credentials(log: server.store.log, metrics: server.store.metrics)
            let powerless = try await server.store.log.write(TestStore.context) {
                try credentials.create(name: "powerless", scopes: scopes, in: $0)
            }.value.text
            for operation in document.operations {
                let description = operation.content["description"]?.string ?? ""
                guard description.hasPrefix("Needs the scope") else { continue }
                let path = ContractClient.fill(operation.path, Array(repeating: "x", count: 4))
                for (key, status, code) in [("none", 401, "invalid_credential"), (powerless, 403, "missing_scope")] {
                    let answer = try await server.send(
                        operation.method, path, headers: ["Authorization": "Bearer \(key)"])
                    #expect(answer.status == status, "\(operation.name)")
                    let failure = JSONValue.object(try answer.json())
                    let schema = try #require(document.failureSchema(of: operation))
                    #expect(document.schema.mismatches(of: failure, schema) == [], "\(operation.name)")
                    if operation.isQdrants {
                        let text = failure["status"]?["error"]?.string ?? ""
                        #expect(status == 401 || text.contains(/memories:(read|write)/), "\(operation.name)")
                        continue
                    }
                    #expect(failure["code"] == .string(code), "\(operation.name)")
                    guard status == 403 else { continue }
                    let scope = try #require(failure["scope"]?.string)
                    #expect(description.contains("`\(scope)`"), "\(operation.name)")
                }
            }
        }
    }

    @Test func graphsHaveVectorsOfTheirTexts() async throws {
        let document = try OpenAPIDocument()
        let endpoint = try await WebhookReceiver { request in
            request.path == RankingEndpoint.path
                ? RankingEndpoint.answer(request) : EmbeddingEndpoint.answer(request, dimensions: 3)
        }
        let settings = ["embedding.url": endpoint.url("/v1"), "knowledge.reranker.url": endpoint.url("/v1")]
        try await KnowledgeRoutesFixture.withServer(settings: settings) { server in
            var client = ContractClient(document, server)
            try await client.turnTextsOfGraphsIntoVectors()
        }
    }

    @Test(arguments: [(502, 30_000), (504, 300)])
    func whateverNeedsAVectorTellsThatThereIsNone(_ status: Int, timeout: Int) async throws {
        let document = try OpenAPIDocument()
        let endpoint = try await WebhookReceiver { EmbeddingEndpoint.answer($0, dimensions: 3) }
        let settings = ["embedding.url": endpoint.url("/v1"), "embedding.timeout": "\(timeout)"]
        var refused: Set<String> = []
        try await MemoryRoutesFixture.withServer(.sqlite, settings: settings) { server in
            var client = ContractClient(document, server)
            refused.formUnion(try await client.makeNoVectors(endpoint, status: status))
        }
        for half in 0...1 {
            try await KnowledgeRoutesFixture.withServer(settings: settings) { server in
                var client = ContractClient(document, server)
                refused.formUnion(try await client.makeNoGraphVectors(endpoint, status: status, half: half))
            }
        }
        let declared = document.operations.filter { $0.responses.contains { $0.name == "\(status)" } }
        #expect(Set(declared.map(\.name)) == refused)
    }

    /// A dry run shows what the event holds, so reading observers is not enough for it.
    @Test func aTestOfAnObserverNeedsBothScopes() async throws {
        try await Self.withServer(.sqlite) { server in
            let credentials = Credentials(log: server.store.log, metrics: server.store.metrics)
            for (name, missing) in [("observers:read", "events:read"), ("events:read", "observers:read")] {
                let scopes = try #require(Scopes([name]))
                let key = try await server.store.log.write(TestStore.context) {
                    try credentials.create(name: "half", scopes: scopes, in: $0)
                }.value.text
                let answer = try await server.send(
                    "POST", "/api/v1/observers/from-file/test?event=1", headers: ["Authorization": "Bearer \(key)"])
                #expect(answer.status == 403)
                #expect(JSONValue.object(try answer.json())["scope"] == .string(missing))
            }
        }
    }

    /// Runs the closure with a server of all routes, whose search follows the log.
    private static func withServer(
        _ engine: TestStore.Engine, _ body: (LiveServer) async throws -> Void
    ) async throws {
        let files = try TemporaryDirectory()
        let settings = try ObserverRoutesFixture.settings(file: files.file("observers.yaml"))
        let store = try await TestStore(
            engine,
            schemas: LiveServer.schemas + [
                ObserversSchema.schema, MemoriesSchema.schema, KnowledgeSchema.schema, RecommendationsSchema.schema,
            ],
            settings: settings, clock: SystemTime())
        let observers = try ObserverRoutesFixture(store, settings: settings)
        let endpoint = try await WebhookReceiver { EmbeddingEndpoint.answer($0, dimensions: 3) }
        let memories = try MemoryRoutesFixture(store, settings: ["embedding.url": endpoint.url("/v1")])
        let knowledge = try KnowledgeRoutesFixture(store)
        let recommendations = try RecommendationRoutesFixture(store)
        let commerce = Commerce()
        let logger = Logger(label: "test")
        let index = TextIndex(path: store.directory.file("text.sqlite"), metrics: store.metrics, logger: logger)
        let follower = Follower(
            ProductTextProjection(index, commerce.products, of: store.log), of: store.log, metrics: store.metrics,
            logger: logger)
        let search = ProductSearch(index, commerce.products, follower, of: store.log)
        let routes =
            Routes.commerce(commerce) + Routes.productSearchRoutes(search, follower, patience: .seconds(20))
            + observers.routes + memories.routes + knowledge.routes + recommendations.routes
        let following = Task { try await follower.run() }
        defer { following.cancel() }
        try await observers.run {
            try await memories.run {
                try await knowledge.run {
                    try await recommendations.run { try await LiveServer.run(store, routes: routes, body) }
                }
            }
        }
    }
}
