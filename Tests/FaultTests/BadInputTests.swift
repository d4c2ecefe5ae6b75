import Core
import Foundation
import TestKit
import Testing

/// Whatever a client sends, it gets a failure in the form of the route or a clean close, and the server lives.
@Suite struct BadInputTests {
    private static let missing = "01890000-0000-7000-8000-000000000000"

    @Test func everyWriteRouteRefusesBadBodies() async throws {
        try await Shop.run { shop in
            let probe = Probe(shop: shop)
            let routes = try Self.writeRoutes()
            try #require(routes.count > 80)
            for (method, path) in routes {
                for input in BadInput.bodies {
                    try await probe.expectAnswer(method, path, input.body, headers: input.headers)
                }
                let long = #"{"name":""# + String(repeating: "x", count: 1_000_000) + #""}"#
                try await probe.expectAnswer(method, path, Array(long.utf8))
            }
            for (method, path) in routes where method != "DELETE" {
                for value in BadInput.values {
                    let members = BadInput.fields.map { "\"\($0)\":\(value)" }.joined(separator: ",")
                    try await probe.expectAnswer(method, path, Array("{\(members)}".utf8))
                }
            }
            #expect(try await shop.send("GET", "/health").status == 200)
            #expect(!shop.process.log.contains("defect"), "\(shop.process.log.suffix(2_000))")
        }
    }

    @Test func oddTargetsMethodsAndFieldsAreRefused() async throws {
        try await Shop.run { shop in
            let probe = Probe(shop: shop)
            for target in BadInput.targets {
                for method in ["GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get"] {
                    try await probe.expectAnswer(method, target, method == "POST" ? Array("{}".utf8) : nil)
                }
            }
            for header in BadInput.headers {
                try await probe.expectAnswer("GET", "/api/v1/orders", nil, headers: [header], mayWait: true)
                try await probe.expectAnswer("POST", "/api/v1/orders", nil, headers: [header], mayWait: true)
            }
            #expect(try await shop.send("GET", "/health").status == 200)
            #expect(!shop.process.log.contains("defect"), "\(shop.process.log.suffix(2_000))")
        }
    }

    @Test func mutatedBodiesNeverBreakTheServer() async throws {
        var random = SeededRandom.fresh()
        try await Shop.run(settings: ["memories.dimensions=3"]) { shop in
            try await shop.stock(2, units: 1_000_000)
            let collection = #"{"vectors":{"size":2,"distance":"Euclid"}}"#
            try #require(try await shop.send("PUT", "/collections/c", collection).status == 200)
            let probe = Probe(shop: shop)
            let valid = Self.validBodies
            let end = ContinuousClock.now + .seconds(10)
            var count = 0
            while ContinuousClock.now < end {
                let (method, path, body) = valid.randomElement(using: &random) ?? valid[0]
                try await probe.expectAnswer(method, path, Self.mutate(Array(body.utf8), &random), "\(random)")
                count += 1
            }
            print("\(count) mutated bodies")
            #expect(count > 100)
            #expect(!shop.process.log.contains("defect"), "\(random) \(shop.process.log.suffix(2_000))")
        }
    }

    private static let validBodies = [
        ("POST", "/api/v1/orders", #"{"items":[{"sku":"s0","quantity":1},{"sku":"s1","quantity":2}],"notes":"x"}"#),
        ("POST", "/api/v1/products", #"{"sku":"z","name":"Zebra","price":"1.50","currency":"USD","tags":["a","b"]}"#),
        ("POST", "/api/v1/customers", #"{"name":"Ann","email":"ann@example.com"}"#),
        ("POST", "/api/v1/inventory/receive", #"{"sku":"s0","quantity":5,"reference":"r","reason":"delivery"}"#),
        ("POST", "/api/v1/inventory/adjust", #"{"sku":"s0","delta":-5,"reason":"broken"}"#),
        ("POST", "/api/v1/inventory/reserve", #"{"sku":"s0","quantity":1,"reference":"x","expires_in":60}"#),
        ("POST", "/api/v1/locations", #"{"code":"north","name":"North","priority":5,"is_active":true}"#),
        ("POST", "/api/v1/keys", #"{"name":"reader","scopes":["orders:read"]}"#),
        (
            "POST", "/memories",
            """
            {"point_id":"m","vector":[1,2,3],"expires_at":"2100-01-01T00:00:00Z","payload":{"user_id":7,"category":"c",\
            "key":"k","value":"v","source":"s","created":1,"updated":1,"active":true}}
            """
        ),
        (
            "POST", "/memories/search",
            #"{"user_id":7,"query_vector":"AACAPwAAAAAAAAAA","query_text":"v","created_after":1,"min_score":0.5}"#
        ),
        ("PUT", "/collections/c/points", #"{"points":[{"id":1,"vector":[1,2],"payload":{"n":[1,{"a":null}]}}]}"#),
        ("POST", "/collections/c/points/payload", #"{"payload":{"a":{"b":1}},"key":"n[0].a","filter":{}}"#),
        (
            "POST", "/collections/c/points/query",
            """
            {"prefetch":[{"query":[1,2],"limit":5},{"query":1}],"query":{"rrf":{"k":2,"weights":[1,2]}},"offset":1,\
            "filter":{"must":[{"key":"n[]","range":{"gte":-1,"lt":1e9}}],"min_should":{"min_count":1,"conditions":\
            [{"slice":{"total":2,"index":0}},{"key":"g","geo_radius":{"center":{"lat":1,"lon":2},"radius":5}}]}}}
            """
        ),
        ("POST", "/collections/c/points/scroll", #"{"order_by":{"key":"i","start_from":5},"with_payload":["n[0]"]}"#),
        ("PUT", "/collections/c/index", #"{"field_name":"i","field_schema":{"type":"integer","range":true}}"#),
    ]

    /// Changes a few bytes, or takes, doubles or puts in a piece.
    private static func mutate(_ original: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 1...12, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 3: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            default:
                bytes.insert(contentsOf: Array((BadInput.values.randomElement(using: &random) ?? "").utf8), at: place)
            }
        }
        return bytes
    }

    /// The methods and paths of `openapi.yaml` that change something, with identifiers of things that are not there.
    private static func writeRoutes() throws -> [(method: String, path: String)] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("openapi.yaml"), encoding: .utf8)
        var path = ""
        var routes: [(String, String)] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("  /"), line.hasSuffix(":") {
                path = String(line.dropFirst(2).dropLast()).replacing(#/\{[a-z_]+\}/#, with: missing)
            } else if !line.hasPrefix("  ") {
                path = ""
            }
            for method in ["post", "put", "patch", "delete"] where !path.isEmpty && line == "    \(method):" {
                routes.append((method.uppercased(), path))
            }
        }
        return routes
    }
}

/// Sends what is wrong and looks at what comes back.
private struct Probe {
    let shop: Shop

    /// Expects an answer that is no defect, and a whole problem document where it refuses, or one in Qdrant's form.
    ///
    /// - parameter mayWait: whether the server may rightly wait for more, which ends by closing our side.
    func expectAnswer(
        _ method: String, _ path: String, _ body: [UInt8]?, headers: [String] = [], mayWait: Bool = false,
        _ note: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let connection = try shop.connect()
        let sent = (body ?? []).prefix(120)
        let request = "\(method) \(path.prefix(80)) \(headers.map { $0.prefix(60) })"
        let told = "\(request) \(String(decoding: sent, as: UTF8.self)) \(note)"
        let answer: RawConnection.Response
        do {
            var allHeaders = headers
            if !["Content-Length", "Transfer-Encoding"].contains(where: { headers.first?.hasPrefix($0) ?? false }),
                mayWait
            {
                allHeaders.append("Content-Length: 0")
            }
            allHeaders.append("If-Match: \"1\"")
            if mayWait { allHeaders.append("Connection: close") }
            answer = try await send(connection, method, path, body, allHeaders, mayWait)
        } catch {
            // A clean close is an answer too, where the request is none of HTTP.
            #expect(
                "\(error)".contains("closed") || "\(error)".contains("send:"), "\(told): \(error)",
                sourceLocation: sourceLocation)
            return
        }
        let isWanted = answer.status < 500 || ["position_not_reached", "written_not_visible"].contains(answer.code)
        #expect(isWanted, "\(told): \(answer.status) \(answer.text)", sourceLocation: sourceLocation)
        guard answer.status >= 400, method != "HEAD" else { return }
        let error = answer.json["status"]?["error"]?.string ?? ""
        let isProblem =
            answer.headers["content-type"] == "application/problem+json" && !answer.code.isEmpty
            && answer["trace_id"] != nil
        let isQdrants = path.hasPrefix("/collections") && !error.isEmpty && answer.json["time"] != nil
        #expect(
            isProblem || isQdrants,
            "\(told): \(answer.status) \(answer.headers) \(answer.text)", sourceLocation: sourceLocation)
    }

    private func send(
        _ connection: RawConnection, _ method: String, _ path: String, _ body: [UInt8]?, _ headers: [String],
        _ mayWait: Bool
    ) async throws -> RawConnection.Response {
        guard mayWait else { return try await connection.exchange(method, path, bytes: body, headers: headers) }
        let lines = ["\(method) \(path) HTTP/1.1", "Host: shop", "Authorization: Bearer \(Shop.key)"] + headers
        try await connection.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        connection.closeOutput()
        return try await connection.response()
    }
}
