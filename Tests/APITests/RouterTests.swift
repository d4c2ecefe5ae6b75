import Core
import HTTPTypes
import TestKit
import Testing

@testable import API

/// Which route serves a method and a path.
@Suite struct RouterTests {
    private static func route(_ method: HTTPRequest.Method, _ path: String) -> Route {
        .custom(method, path, scope: "test:read") { _ in .noContent }
    }

    private let templates = [
        "/products", "/products/search", "/products/{id}", "/products/{id}/variants/{sku}", "/inventory/reserve",
        "/inventory/{sku}/reserve",
    ]

    /// The template that a path finds, with the values of its names.
    private func find(_ path: String) throws -> String {
        let router = try Router(templates.map { Self.route(.get, $0) })
        switch router.match(.get, path[...]) {
        case .route(let index, let parameters):
            let values = ["id", "sku"].compactMap { parameters.encoded($0).map(String.init) }
            return ([templates[index]] + values).joined(separator: " ")
        case .otherMethods: return "other methods"
        case .nothing: return "nothing"
        }
    }

    @Test(arguments: [
        ("/products", "/products"), ("/products/search", "/products/search"), ("/products/17", "/products/{id} 17"),
        ("/products/search/variants/a%2Fb", "/products/{id}/variants/{sku} search a%2Fb"),
        ("/inventory/reserve", "/inventory/reserve"), ("/inventory/chai/reserve", "/inventory/{sku}/reserve chai"),
        ("/inventory/reserve/reserve", "/inventory/{sku}/reserve reserve"),
        ("/products/", "nothing"), ("//products", "nothing"), ("/", "nothing"), ("", "nothing"), ("*", "nothing"),
        ("/products/1/variants", "nothing"), (String(repeating: "/a", count: 10_000), "nothing"),
    ])
    func aLiteralGoesBeforeAName(_ path: String, _ found: String) throws {
        #expect(try find(path) == found)
    }

    @Test func twoRoutesOfOnePlaceAreADefect() {
        #expect(throws: Failure.self) { try Router([Self.route(.get, "/a/{x}"), Self.route(.get, "/a/{y}")]) }
    }

    @Test func everyFieldOfOursHasItsName() {
        let names: [HTTPField.Name] = [
            .requestID, .position, .idempotencyKey, .idempotencyReplayed, .apiKey, .forwardedFor,
            .forwarded, .eventID,
        ]
        #expect(
            names.map(\.rawName) == [
                "X-Request-Id", "Millrace-Position", "Idempotency-Key", "Idempotency-Replayed",
                "X-API-Key", "X-Forwarded-For", "Forwarded", "Last-Event-ID",
            ])
    }
}
