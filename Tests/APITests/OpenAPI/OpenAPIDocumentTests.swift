import ChangeLog
import Commerce
import Core
import HTTPTypes
import Knowledge
import Logging
import Memories
import Observers
import Recommendations
import Search
import TestKit
import Testing

@testable import API

/// The document is whole, and tells of the routes that there are.
@Suite struct OpenAPIDocumentTests {
    private let document: OpenAPIDocument

    init() throws {
        document = try OpenAPIDocument()
    }

    @Test func theOperationsAreTheRoutes() async throws {
        let routes = Set(try await Self.routes().map(Self.name))
        let operations = Set(document.operations.map(\.name))
        #expect(routes.count > 150)
        #expect(routes.subtracting(operations).sorted() == [], "routes that the document does not have")
        #expect(operations.subtracting(routes).sorted() == [], "operations that no route serves")
    }

    @Test func theDescriptionsNameTheScopes() async throws {
        let accesses = Dictionary(
            uniqueKeysWithValues: try await Self.routes().map { (Self.name($0), $0.access) })
        for operation in document.operations {
            let expected =
                switch accesses[operation.name] {
                case .open: "Open to everybody."
                case .loopback(let scope): "Open to this machine; from elsewhere it needs the scope `\(scope)`."
                case .scope(let scope): "Needs the scope `\(scope)`."
                case .scopes(let first, let second): "Needs the scopes `\(first)` and `\(second)`."
                case nil: "nothing"
                }
            #expect(operation.content["description"]?.string?.hasPrefix(expected) == true, "\(operation.name)")
        }
    }

    @Test func everyOperationHasANameOfItsOwnAndASummary() {
        let names = document.operations.compactMap { $0.content["operationId"]?.string }
        #expect(names.count == document.operations.count)
        #expect(Set(names).count == names.count)
        let tags = Set((document.root["tags"] ?? .null).elements.compactMap { $0["name"]?.string })
        for operation in document.operations {
            #expect(operation.content["summary"]?.string?.isEmpty == false, "\(operation.name)")
            let own = (operation.content["tags"] ?? .null).elements.compactMap(\.string)
            #expect(own.count == 1 && tags.isSuperset(of: own), "\(operation.name): \(own)")
        }
    }

    @Test func everyReferenceLeadsSomewhereAndEveryPartIsUsed() {
        let references = Set(document.references)
        for reference in references { #expect(document.schema.target(of: reference) != nil, "\(reference)") }
        for kind in ["parameters", "headers", "responses", "schemas"] {
            for part in document.root["components"]?[kind]?.members ?? [] {
                #expect(references.contains("#/components/\(kind)/\(part.name)"), "nothing uses \(kind)/\(part.name)")
            }
        }
    }

    @Test func everyParameterOfAPathIsDeclared() throws {
        for operation in document.operations {
            let inPath = operation.path.matches(of: /\{(\w+)\}/).map { String($0.1) }
            let parameters = try document.parameters(of: operation)
            let declared = parameters.filter { $0["in"]?.string == "path" }
            #expect(declared.compactMap { $0["name"]?.string } == inPath, "\(operation.name)")
            #expect(declared.allSatisfy { $0["required"] == .bool(true) }, "\(operation.name)")
            let names = parameters.compactMap { $0["name"]?.string }
            #expect(Set(names).count == names.count, "\(operation.name): \(names)")
        }
    }

    @Test func everyFailureHasTheFormOfItsRoute() throws {
        for operation in document.operations {
            #expect(operation.responses.contains { $0.name == "default" }, "\(operation.name)")
            for response in operation.responses where !["2", "3"].contains(response.name.prefix(1)) {
                // What is not ready is told check by check.
                if operation.path == "/ready", response.name == "503" { continue }
                let content = try document.resolved(response.value)["content"]
                let (type, schema) = operation.failureForm
                #expect(content?.members.map(\.name) == [type], "\(operation.name) \(response.name)")
                #expect(content?[type]?["schema"]?["$ref"]?.string == schema, "\(operation.name) \(response.name)")
            }
        }
    }

    @Test func theFormsOfFailuresAreThoseOfTheRoutes() async throws {
        let qdrants = Set(try await Self.routes().filter { $0.failureForm == .qdrant }.map(Self.name))
        #expect(Set(document.operations.filter(\.isQdrants).map(\.name)) == qdrants)
    }

    @Test func everyExampleOfAnAnswerFitsItsSchema() throws {
        var count = 0
        for response in document.root["components"]?["responses"]?.members ?? [] {
            for content in (response.value["content"] ?? .null).members {
                guard let example = content.value["example"], let schema = content.value["schema"] else { continue }
                #expect(document.schema.mismatches(of: example, schema) == [], "\(response.name)")
                count += 1
            }
        }
        #expect(count > 10)
    }

    @Test func whatNeedsIfMatchSaysSo() throws {
        for operation in document.operations {
            let names = try document.parameters(of: operation).filter { $0["in"]?.string == "header" }
            let needsMatch = names.contains { $0["name"]?.string == "If-Match" && $0["required"] == .bool(true) }
            let statuses = operation.responses.map(\.name)
            #expect(statuses.contains("428") == needsMatch, "\(operation.name)")
        }
    }

    /// What is done once for a key is what a `POST` writes.
    @Test func whatTakesAnIdempotencyKeySaysSo() async throws {
        let writing = try await Self.routes().filter { route in
            if case .write = route.handler { route.method == .post } else { false }
        }
        let taking = try document.operations.filter { operation in
            try document.parameters(of: operation).contains { $0["name"]?.string == "Idempotency-Key" }
        }
        #expect(Set(taking.map(\.name)) == Set(writing.map(Self.name)))
    }

    private static func name(_ route: Route) -> String { "\(route.method.rawValue) \(route.path)" }

    /// All routes of a server.
    private static func routes() async throws -> [Route] {
        let store = try await TestStore(
            schemas: Commerce.schemas + [
                APISchema.schema, ObserversSchema.schema, MemoriesSchema.schema, KnowledgeSchema.schema,
                RecommendationsSchema.schema,
            ])
        let commerce = Commerce()
        let logger = Logger(label: "test")
        let index = TextIndex(path: store.directory.file("text.sqlite"), metrics: store.metrics, logger: logger)
        let follower = Follower(
            ProductTextProjection(index, commerce.products, of: store.log), of: store.log, metrics: store.metrics,
            logger: logger)
        return try Routes.commerce(commerce)
            + Routes.productSearchRoutes(
                ProductSearch(index, commerce.products, follower, of: store.log), follower, patience: .seconds(1))
            + Routes.operations(
                log: store.log, credentials: Credentials(log: store.log, metrics: store.metrics),
                metrics: store.metrics, checks: [], settings: .defaults)
            + ObserverRoutesFixture(store, settings: .defaults).routes + MemoryRoutesFixture(store).routes
            + KnowledgeRoutesFixture(store).routes + RecommendationRoutesFixture(store).routes
    }
}
