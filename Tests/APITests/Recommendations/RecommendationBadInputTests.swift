import Core
import TestKit
import Testing

/// Whatever is sent of entities and interactions is taken as it is, or refused with what is wrong.
@Suite(.timeLimit(.minutes(5))) struct RecommendationBadInputTests {
    private static let entity = #""entity_id": "tea", "entity_type": "product""#
    private static let interaction = #""user_id": "ada", \#(entity), "interaction_type": "view""#

    private static func text(_ count: Int) -> String { String(repeating: "é", count: count) }

    /// What a name cannot be: empty, too long, with a control character, not in normal form C, or no text.
    private static func wrongNames(_ limit: Int) -> [String] {
        ["\"\"", #""\#(text(limit + 1))""#, #""a\u0001b""#, #""a\u0000""#, #""e\u0301""#, "7", "null", "[]"]
    }

    private func expectRefusals(
        _ server: LiveServer, _ path: String, _ bodies: [(body: String, pointer: String)], method: String = "POST"
    ) async throws {
        for (body, pointer) in bodies {
            let answer = try await server.send(method, path, body)
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(answer.status == 422, "\(body.prefix(200)): \(text)")
            #expect(text.contains(#""pointer":"\#(pointer)""#), "\(body.prefix(200)): \(text)")
        }
    }

    /// What attributes cannot be.
    private static var wrongAttributes: [String] {
        let many = (0...1_000).map { #""a\#($0)": 1"# }.joined(separator: ",")
        let long = (0..<7).map { #""a\#($0)": "\#(text(5_000))""# }.joined(separator: ",")
        return [
            "[]", "null", "5", #"{"a": null}"#, #"{"a": {}}"#, #"{"a": [1, "b"]}"#, #"{"a": [["b"]]}"#, #"{"": 1}"#,
            #"{"\#(text(256))": 1}"#, #"{"a": "\#(text(10_001))"}"#, #"{"a": ["\#(text(1_001))"]}"#,
            #"{"a": [\#((0...1_000).map { _ in #""b""# }.joined(separator: ","))]}"#, #"{"a": 1e999}"#, "{\(many)}",
            #"{"a": [\#((0...4_096).map { _ in "1" }.joined(separator: ","))]}"#, #"{"a": ["b", 1]}"#,
            #"{"a": [1e999]}"#,
            "{\(long)}",
        ]
    }

    @Test(arguments: TestStore.Engine.allCases)
    func entitiesAreWhatTheyCanBe(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            var bodies: [(String, String)] = []
            for id in Self.wrongNames(255) {
                bodies.append((#"{"entity_id": \#(id), "entity_type": "product", "attributes": {}}"#, "/entity_id"))
            }
            for type in Self.wrongNames(100) {
                bodies.append((#"{"entity_id": "tea", "entity_type": \#(type), "attributes": {}}"#, "/entity_type"))
            }
            for attributes in Self.wrongAttributes {
                bodies.append(("{\(Self.entity), \"attributes\": \(attributes)}", "/attributes"))
            }
            bodies += [
                ("{\(Self.entity)}", "/attributes"),
                (#"{\#(Self.entity), "attributes": {}, "available": "yes"}"#, "/available"),
                (#"{\#(Self.entity), "attributes": {}, "tenant_id": "2"}"#, "/tenant_id"),
                (#"{\#(Self.entity), "attributes": {}, "tenant_id": 1}"#, "/tenant_id"),
                (#"{\#(Self.entity), "attributes": {}, "colour": "red"}"#, "/colour"),
                (#"{\#(Self.entity), "attributes": {}, "created_at": "2026-01-01"}"#, "/created_at"),
            ]
            try await expectRefusals(server, "/api/v1/entities", bodies)
            let all = try await server.send("GET", "/api/v1/export/entities")
            #expect(try JSONParser.parse(all.body).elements.isEmpty)
            let longest = """
                {"entity_id": "\(Self.text(255))", "entity_type": "\(Self.text(100))", "tenant_id": "1",
                 "attributes": {"\(Self.text(255))": "\(Self.text(10_000))", "\\u0000 x": ["\\u0000"], "n": -1e300}}
                """
            let made = try await server.send("POST", "/api/v1/entities", longest)
            #expect(made.status == 201, "\(String(decoding: made.body, as: UTF8.self).prefix(300))")
            let read = try JSONParser.parse(try await server.send("GET", "/api/v1/export/entities").body).elements
            #expect(read.first?["attributes"]?["\u{0} x"] == .array([.string("\u{0}")]))
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func interactionsAreWhatTheyCanBe(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            var bodies: [(String, String)] = []
            for id in Self.wrongNames(255) {
                bodies.append((#"{"user_id": \#(id), \#(Self.entity), "interaction_type": "view"}"#, "/user_id"))
            }
            let kinds = [
                #"{"rating": -1}"#, #"{"rating": 100.5}"#, #"{"rating": "5"}"#, #"{"rating": 1e999}"#, "{}",
                #"{"custom": ""}"#, #"{"custom": "a\u0001"}"#, #"{"custom": "e\u0301"}"#, #"{"stars": 5}"#,
                #"{"custom": "a", "rating": 1}"#, "true",
            ]
            for kind in Self.wrongNames(50) + kinds {
                let body = #"{"user_id": "ada", \#(Self.entity), "interaction_type": \#(kind)}"#
                bodies.append((body, "/interaction_type"))
            }
            let members = [
                ("weight", ["-1", "-1e-9", "1000.1", "1e308", "-1e308", "1e999", #""1""#, "true"]),
                ("timestamp", [#""yesterday""#, "5", #""2026-02-30T00:00:00Z""#]),
                ("metadata", [#"{"a": 1}"#, "[]", #"{"a": "\#(Self.text(2_100))"}"#]),
                ("recommendation_id", ["\"\"", "5"]), ("create_entity", [#""yes""#]), ("tenant_id", [#""2""#]),
                ("id", [#""0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11""#]),
            ]
            for (name, values) in members {
                for value in values { bodies.append((#"{\#(Self.interaction), "\#(name)": \#(value)}"#, "/\(name)")) }
            }
            try await expectRefusals(server, "/api/v1/interactions", bodies)
            let number = #"{\#(Self.interaction), "weight": NaN}"#
            #expect(try await server.send("POST", "/api/v1/interactions", number).status == 400)
            let all = try await server.send("GET", "/api/v1/export/interactions")
            #expect(try JSONParser.parse(all.body).elements.isEmpty)
            let odd = """
                {"user_id": "\(Self.text(255))", \(Self.entity), "interaction_type": {"custom": "\(Self.text(50))"},
                 "weight": 0, "metadata": {"\\u0000": "\\u0000"}, "timestamp": "0001-01-01T00:00:00Z"}
                """
            #expect(try await server.send("POST", "/api/v1/interactions", odd).status == 201)
            let read = try JSONParser.parse(try await server.send("GET", "/api/v1/export/interactions").body).elements
            #expect(read.first?["metadata"]?["\u{0}"] == .string("\u{0}"))
            #expect(read.first?["weight"] == .number("0.0"))
        }
    }

    @Test func typesAndUsersAreWhatTheyCanBe() async throws {
        try await RecommendationRoutesFixture.withServer { server in
            var types = Self.wrongNames(50).map { (#"{"interaction_type": \#($0), "weight": 1}"#, "/interaction_type") }
            for weight in ["-0.1", "1001", "1e308", "1e999", "null", #""1""#] {
                types.append((#"{"interaction_type": "view", "weight": \#(weight)}"#, "/weight"))
            }
            types.append((#"{"interaction_type": "view", "weight": 1, "description": 5}"#, "/description"))
            types.append((#"{"interaction_type": "view", "weight": 1, "x": 5}"#, "/x"))
            try await expectRefusals(server, "/api/v1/interaction-types", types)
            let users = Self.wrongAttributes.map { (#"{"attributes": \#($0)}"#, "/attributes") }
            try await expectRefusals(server, "/api/v1/users/ada", users + [("{}", "/attributes")], method: "PUT")
            let sources = Self.wrongNames(255).map { (#"{"from": \#($0)}"#, "/from") }
            let merges = [("{}", "/from"), (#"{"from": "ada"}"#, "/from"), (#"{"from": "eve", "x": 5}"#, "/x")]
            try await expectRefusals(server, "/api/v1/users/ada/merge", sources + merges)
            // Of whom nothing is known there is nothing to do.
            let none = try await server.send("POST", "/api/v1/users/ada/merge", #"{"from": "nobody"}"#)
            #expect(none.status == 200)
            #expect(try none.json()["moved"] == .number("0"))
            #expect(try none.json()["complete"] == .bool(true))
            for path in ["/api/v1/users/a%01b", "/api/v1/users/e%CC%81", "/api/v1/interaction-types/a%00"] {
                #expect(try await server.send("GET", path).status == 422, "\(path)")
            }
            let long = String(repeating: "x", count: 256)
            #expect(try await server.send("GET", "/api/v1/interactions/user/\(long)").status == 404)
            #expect(try await server.send("GET", "/api/v1/users/ada").status == 404)
        }
    }

    /// What is to change the order of an answer is a number that can.
    @Test func questionsWeighByWhatCanBeWeighed() async throws {
        try await RecommendationRoutesFixture.withServer { server in
            let path = "/api/v1/recommendations"
            var bodies: [(String, String)] = []
            for number in ["-1", "-1e-300", "1e308", "1e999", #""1""#, "true"] {
                bodies.append((#"{"user_id": "ada", "weights": {"popular": \#(number)}}"#, "/weights/popular"))
                let booster = #"{"filter": "a == 1", "factor": \#(number)}"#
                bodies.append((#"{"user_id": "ada", "boosters": [\#(booster)]}"#, "/boosters/0/factor"))
                for name in ["diversity", "exploration", "rotation_rate"] {
                    bodies.append((#"{"user_id": "ada", "\#(name)": \#(number)}"#, "/\(name)"))
                }
            }
            try await expectRefusals(server, path, bodies)
            #expect(try await server.send("POST", path, #"{"weights": {"popular": NaN}}"#).status == 400)
            for value in ["-1", "2", "nan", "inf", "1e308", "0x1p-1"] {
                for name in ["collaborative_weight", "content_weight", "diversity"] {
                    let answer = try await server.send("GET", "\(path)/user/ada?\(name)=\(value)")
                    let isRead = value == "0x1p-1"
                    #expect(answer.status == (isRead ? 200 : 400), "\(name)=\(value)")
                }
            }
            // Nothing but what weighs nothing is an order too.
            try await server.expectCreated("/api/v1/entities", "{\(Self.entity), \"attributes\": {}}")
            let none = """
                {"user_id": "ada", "weights": {"collaborative": 0, "content_based": 0, "session": 0, "popular": 0},
                 "boosters": [{"filter": "x == 1", "factor": 0}]}
                """
            let answer = try await server.send("POST", path, none)
            #expect(answer.status == 200)
            #expect(try answer.json()["recommendations"]?.elements.count == 1)
        }
    }

    /// A kind of interaction may be worth nothing: what was seen is left out all the same.
    @Test(arguments: TestStore.Engine.allCases)
    func aTypeMayBeWorthNothing(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            for id in ["tea", "mug"] {
                let body = #"{"entity_id": "\#(id)", "entity_type": "product", "attributes": {}}"#
                try await server.expectCreated("/api/v1/entities", body)
            }
            try await server.expectCreated("/api/v1/interaction-types", #"{"interaction_type": "view", "weight": 0}"#)
            try await server.expectCreated("/api/v1/interactions", "{\(Self.interaction)}")
            let found = try await server.send("GET", "/api/v1/recommendations/user/ada").json()["recommendations"]
            #expect(found?.elements.map { $0["entity_id"] } == [.string("mug")])
            #expect(found?.elements.first?["reason"] == .string("Also available"))
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theAcceptableRowsOfABatchTakeEffect(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            let rows = (0..<2_500).map { row in
                row % 2 == 0
                    ? #"{"user_id": "u\#(row)", \#(Self.entity), "interaction_type": "view", "create_entity": true}"#
                    : #"{"user_id": "", \#(Self.entity), "interaction_type": "view"}"#
            }
            let body = #"{"interactions": [5, \#(rows.joined(separator: ","))]}"#
            let answer = try await server.send("POST", "/api/v1/interactions/bulk", body)
            #expect(answer.status == 202)
            let result = JSONValue.object(try answer.json())
            #expect(result["status"] == .string("partially_completed"))
            #expect(result["total_records"] == .number("2501"))
            #expect(result["successful"] == .number("1250"))
            #expect(result["failed"] == .number("1251"))
            let errors = result["errors"]?.elements ?? []
            #expect(errors.count == 1_000)
            #expect(errors.prefix(3).map { $0["index"] } == [.number("0"), .number("2"), .number("4")])
            #expect(errors[1]["errors"]?.elements.first?["pointer"] == .string("/user_id"))
            let all = try await server.send("GET", "/api/v1/export/interactions?format=ndjson")
            #expect(all.body.count { $0 == UInt8(ascii: "\n") } == 1_250)
            #expect(try await server.send("GET", "/api/v1/entities/tea?entity_type=product").status == 200)
            for body in [
                "{}", #"{"interactions": []}"#, #"{"interactions": {}}"#, #"{"interactions": null}"#,
                #"{"interactions": [\#((0...10_000).map { _ in "5" }.joined(separator: ","))]}"#,
            ] {
                #expect(try await server.send("POST", "/api/v1/interactions/bulk", body).status == 422)
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsSentTwiceUnderOneKeyIsDoneOnce(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            let one = "{\(Self.interaction)}"
            for (path, body) in [("", one), ("/bulk", #"{"interactions": [\#(one), \#(one)]}"#)] {
                let headers = ["Idempotency-Key": "key\(path)"]
                let first = try await server.send("POST", "/api/v1/interactions\(path)", body, headers: headers)
                let again = try await server.send("POST", "/api/v1/interactions\(path)", body, headers: headers)
                #expect(first.body == again.body && again.headers["idempotency-replayed"] == "true")
            }
            let history = try await server.send("GET", "/api/v1/interactions/user/ada")
            #expect(try JSONParser.parse(history.body).elements.count == 3)
        }
    }

    /// What is taken back is that of one user with one entity, of one type or of all.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsTakenBackIsGone(_ engine: TestStore.Engine) async throws {
        try await RecommendationRoutesFixture.withServer(engine) { server in
            let kinds = [#""view""#, #"{"custom": "view"}"#, #"{"rating": 4}"#, #"{"rating": 4.5}"#, #""like""#]
            for (user, id) in [("ada", "tea"), ("ada", "mug"), ("eve", "tea")] {
                let subject = #""user_id": "\#(user)", "entity_id": "\#(id)", "entity_type": "product""#
                let rows = kinds.map { #"{\#(subject), "interaction_type": \#($0)}"# }
                let body = #"{"interactions": [\#(rows.joined(separator: ","))]}"#
                #expect(try await server.send("POST", "/api/v1/interactions/bulk", body).status == 202)
            }
            let path = "/api/v1/interactions/user/ada?entity_id=tea&entity_type=product"
            for (type, count) in [("view", "2"), ("rating", "2"), ("rating", "0"), ("", "1")] {
                let query = type.isEmpty ? "" : "&interaction_type=\(type)"
                let answer = try await server.send("DELETE", path + query)
                #expect(try answer.json()["deleted"] == .number(count), "\(type)")
            }
            for (user, count) in [("ada", 5), ("eve", 5)] {
                let history = try await server.send("GET", "/api/v1/interactions/user/\(user)")
                #expect(try JSONParser.parse(history.body).elements.count == count)
            }
            #expect(try await server.send("DELETE", "/api/v1/interactions/user/ada").status == 400)
        }
    }
}

extension LiveServer {
    fileprivate func expectCreated(_ path: String, _ body: String) async throws {
        let answer = try await send("POST", path, body)
        #expect(answer.status == 201, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
    }
}
