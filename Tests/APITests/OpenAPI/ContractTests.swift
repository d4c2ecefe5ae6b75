import ChangeLog
import Commerce
import Core
import Logging
import Observers
import Search
import TestKit
import Testing

@testable import API

/// The server does what the document says: a shop is run over HTTP, from its first product to its last refund, and
/// every request and every answer is held against the document.
@Suite(.timeLimit(.minutes(2))) struct ContractTests {
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
            for operation in document.operations where operation.path.hasPrefix("/api/") {
                let path = ContractClient.fill(operation.path, Array(repeating: "x", count: 4))
                for (key, status, code) in [("none", 401, "invalid_credential"), (powerless, 403, "missing_scope")] {
                    let answer = try await server.send(
                        operation.method, path, headers: ["Authorization": "Bearer \(key)"])
                    #expect(answer.status == status, "\(operation.name)")
                    let problem = JSONValue.object(try answer.json())
                    #expect(problem["code"] == .string(code), "\(operation.name)")
                    let schema = try #require(document.root["components"]?["schemas"]?["Problem"])
                    #expect(document.schema.mismatches(of: problem, schema) == [], "\(operation.name)")
                    guard status == 403 else { continue }
                    let scope = try #require(problem["scope"]?.string)
                    #expect(operation.content["description"] == .string("Needs the scope `\(scope)`."))
                }
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
            engine, schemas: LiveServer.schemas + [ObserversSchema.schema], settings: settings, clock: SystemTime())
        let observers = try ObserverRoutesFixture(store, settings: settings)
        let commerce = Commerce()
        let logger = Logger(label: "test")
        let index = TextIndex(path: store.directory.file("text.sqlite"), metrics: store.metrics, logger: logger)
        let follower = Follower(
            ProductTextProjection(index, commerce.products, of: store.log), of: store.log, metrics: store.metrics,
            logger: logger)
        let search = ProductSearch(index, commerce.products, follower, of: store.log)
        let routes =
            Routes.commerce(commerce) + Routes.productSearchRoutes(search, follower, patience: .seconds(20))
            + observers.routes
        let following = Task { try await follower.run() }
        defer { following.cancel() }
        try await observers.run { try await LiveServer.run(store, routes: routes, body) }
    }
}
