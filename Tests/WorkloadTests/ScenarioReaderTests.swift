import Core
import TestKit
import Testing
import YAML

@testable import Workload

@Suite struct ScenarioReaderTests {
    private func read(_ text: String, variables: [String: String] = [:]) throws -> Scenario {
        let reader = ScenarioReader(variable: { variables[$0] }) { file in
            guard file == "users.csv" else { throw Failure(.invalid, code: "file_unreadable", "There is no \(file).") }
            return (["id", "name"], [["1", "Ann & Bob"], ["2", "\"Cid\"/é"]])
        }
        return try reader.read(try YAMLDocument.parse(text))
    }

    private func rendered(_ scenario: Scenario, row: Int = 0, number: Int = 7) throws -> [String] {
        try scenario.flows.flatMap { flow in
            var iteration = Iteration(
                number: number, startedAt: Timestamp(microseconds: 1_700_000_000_123_456),
                rows: scenario.data.map { _ in row },
                saved: Array(repeating: "kept", count: flow.savedCount),
                random: SplitMix64(seed: 3))
            return try flow.steps.compactMap { step -> String? in
                guard case .request(let request) = step else { return nil }
                let bytes = request.render(&iteration, scenario.data, authority: "shop:8080", basePath: "/base")
                return try #require(String(validating: bytes, as: UTF8.self))
            }
        }
    }

    private static let whole = """
        name: Shop
        server: http://127.0.0.1:9
        headers: {Authorization: "Bearer ${KEY}", X-Mode: "${MODE:-plain}"}
        data:
          users: {file: users.csv, order: sequential}
          skus: {rows: [{sku: A-1, price: 2.50}, {sku: B-2, price: 3}]}
          numbers: {numbers: {from: 5, to: 7}}
        load:
          mode: closed
          stages:
            - {duration: 2m, target: 100}
            - {duration: 5m, target: 100}
          warm_up: 5s
          timeout: 3s
        flows:
          - name: buy
            weight: 3
            steps:
              - {name: list, path: "/orders?customer={{users.name}}", check: {status: 200, within: 200ms}}
              - pause: 1s
              - name: create
                method: POST
                path: /orders
                headers: {Idempotency-Key: "k-{{counter}}", X-Mode: own}
                body: {customer: "{{users.name}}", sku: "{{skus.sku}}"}
                check: {status: [200, 201], contains: '"id"', json: {/status: pending}}
                save: {order: /id}
              - {path: "/orders/{{saved.order}}"}
          - {name: count, steps: [{method: POST, path: /n, body: '{"n":{{numbers.number}},"t":{{now}}}'}]}
        thresholds: [p95 < 500ms, "create: failed < 1%"]
        """

    @Test func readsAScenario() throws {
        let scenario = try read(Self.whole, variables: ["KEY": "secret"])
        #expect(scenario.name == "Shop" && scenario.server == "http://127.0.0.1:9")
        #expect(scenario.load.mode == .closed && scenario.load.peak == 100 && scenario.load.duration == .seconds(420))
        #expect(scenario.load.warmUp == .seconds(5) && scenario.load.timeout == .seconds(3) && scenario.load.start == 0)
        #expect(scenario.flows.map(\.name) == ["buy", "count"] && scenario.flows.map(\.weight) == [3, 1])
        #expect(scenario.flows[0].steps.count == 4 && scenario.flows[0].steps[1] == .pause(.seconds(1)))
        #expect(scenario.requestNames == ["list", "create", "GET /orders/{{saved.order}}", "POST /n"])
        #expect(scenario.data[2].rows == [["5"], ["6"], ["7"]] && scenario.thresholds.count == 2)
    }

    /// A value must stay one value where it stands: in a path, in JSON, and in a text as it is.
    @Test func requestsAreMadeOfRows() throws {
        let texts = try rendered(read(Self.whole, variables: ["KEY": "secret"]), row: 1)
        #expect(
            texts[0] == "GET /base/orders?customer=%22Cid%22%2F%C3%A9 HTTP/1.1\r\nhost: shop:8080\r\n"
                + "Authorization: Bearer secret\r\nX-Mode: plain\r\n\r\n")
        let body = #"{"customer":"\"Cid\"/é","sku":"B-2"}"#
        #expect(
            texts[1] == "POST /base/orders HTTP/1.1\r\nhost: shop:8080\r\nAuthorization: Bearer secret\r\n"
                + "Idempotency-Key: k-7\r\nX-Mode: own\r\nContent-Type: application/json\r\n"
                + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(texts[2].hasPrefix("GET /base/orders/kept HTTP/1.1\r\n"))
        #expect(texts[3].hasSuffix(#"{"n":6,"t":1700000000123}"#))
    }

    @Test func randomPlacesFollowTheSeed() throws {
        let scenario = try read("request: {method: POST, path: '/{{random 10 19}}/{{uuid}}', body: '{{vector 3}}'}")
        let text = try rendered(scenario)[0]
        #expect(try rendered(scenario)[0] == text)
        let parts = text.split(separator: " ")[1].split(separator: "/")
        #expect((10...19).contains(Int(parts[1]) ?? 0))
        let numbers = try JSONParser.parse(Array(text.split(separator: "\r\n\r\n")[1].utf8)).elements
        #expect(numbers.count == 3 && numbers.allSatisfy { abs(Double($0.plainText) ?? 2) < 1 })
        #expect(parts[2].wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }

    @Test func aLoadIsARateAndATime() throws {
        let load = try read("{request: {path: /}, load: {rate: 250.5, duration: 90s, arrivals: random}}").load
        #expect(load.mode == .open && load.start == 250.5 && load.duration == .seconds(90) && load.arrivals == .random)
        let clients = try read("{request: {path: /}, load: {mode: closed, clients: 8}}").load
        #expect(clients.mode == .closed && clients.peak == 8 && clients.duration == .seconds(10))
    }

    @Test(arguments: [
        ("name: nothing", "nothing to do"), ("request: {path: orders}", "begins with /"),
        ("request: {path: '/a b'}", "no spaces"), ("request: {path: '/{{nobody.id}}'}", "nobody.id"),
        ("request: {path: '/{{random 9 1}}'}", "random"), ("request: {path: '/{{counter'}", "without }}"),
        ("request: {path: /, headers: {Host: x}}", "Host"), ("request: {path: /, headers: {'A:b': x}}", "A:b"),
        ("request: {path: /, check: {colour: red}}", "colour"), ("request: {path: '/${NOBODY}'}", "NOBODY"),
        ("request: {path: /}\nthresholds: ['other: p95 < 1s']", "names no request"),
        ("request: {path: /}\nload: {rate: 5, stages: [{duration: 1s, target: 5}]}", "stages, or a rate"),
        ("request: {path: /}\nload: {rate: -5}", "from 0"), ("request: {path: /}\nload: {duration: soon}", "soon"),
        ("data: {users: {file: none.csv}}\nrequest: {path: /}", "none.csv"),
        ("data: {users: {rows: []}}\nrequest: {path: /}", ""), ("request: {path: /, speed: 3}", ""),
        ("flows: [{weight: 0, steps: [{path: /}]}]", "weight"),
    ])
    func whatIsWrongIsTold(_ text: String, _ part: String) throws {
        let failure = try #require(throws: Failure.self) { try read(text) }
        #expect(failure.message.contains(part), "\(failure.message)")
    }

    /// What a step saves can be used after it, and not before.
    @Test func whatIsSavedLaterCannotBeUsed() throws {
        let text = "flows: [{steps: [{path: '/{{saved.id}}'}, {path: /, save: {id: /id}}]}]"
        #expect(try #require(throws: Failure.self) { try read(text) }.message.contains("saved.id"))
    }

    @Test func checksLookAtTheAnswer() throws {
        let json = try JSONParser.parse(Array(#"{"a":[{"b~/c":1}],"s":"x"}"#.utf8))
        let body = Array("some text".utf8)
        func holds(_ check: Check) -> Bool {
            check.holds(status: 201, body: body, json: json, time: .milliseconds(50))
        }
        #expect(holds(.status([200, 201])) && !holds(.status([200])))
        #expect(holds(.contains("me te")) && !holds(.contains("metal")))
        #expect(
            holds(.json(pointer: "/a/0/b~0~1c", value: .number("1")))
                && holds(.json(pointer: "/s", value: .string("x"))))
        #expect(
            !holds(.json(pointer: "/a/1", value: .null)) && !holds(.json(pointer: "/a/0/b~0~1c", value: .string("1"))))
        #expect(holds(.within(.milliseconds(50))) && !holds(.within(.milliseconds(49))))
    }
}
