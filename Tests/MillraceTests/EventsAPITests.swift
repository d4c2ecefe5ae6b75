import Core
import Server
import TestKit
import Testing

/// What the API says of events and how it leads through them again, on a real server.
@Suite(.timeLimit(.minutes(5))) struct EventsAPITests {
    /// An event that was taken.
    private struct Taken {
        let id: String
        let entity: String
        let time: String
    }

    /// Has something happen.
    private func happen(
        on server: ObserverServer, _ type: String, _ data: String, to entity: String? = nil
    ) async throws -> Taken {
        let of = entity.map { #", "entity_id": "\#($0)""# } ?? ""
        let body = #"{"entity_type": "\#(type)", "data": \#(data)\#(of)}"#
        let made = try await server.client.json("POST", "/api/v1/events", JSONParser.parse(Array(body.utf8)))
        return Taken(
            id: try #require(made["id"]?.string), entity: try #require(made["entity_id"]?.string),
            time: try #require(made["time"]?.string))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func eachParameterNarrowsTheEvents(_ engine: TestStore.Engine) async throws {
        let server = try await ObserverServer(engine)
        let first = try await happen(on: server, "basket", #"{"note": "Red apples"}"#)
        let second = try await happen(on: server, "parcel", #"{"note": "red pears"}"#, to: first.entity)
        let third = try await happen(on: server, "basket", #"{"note": "green pears"}"#)
        let events = [first, second, third]
        for (query, found) in [
            ("limit=100", [3, 2, 1]), ("type=basket", [3, 1]), ("type=basket.custom", [3, 1]),
            ("type=basket.insert", []), ("type=cart", []), ("operation=custom", [3, 2, 1]), ("operation=insert", []),
            ("entity=\(first.entity)", [2, 1]), ("entity=\(third.entity)", [3]), ("since=\(second.time)", [3, 2]),
            ("until=\(second.time)", [1]), ("since=\(second.time)&until=\(third.time)", [2]),
            ("q=red", [2, 1]), ("q=pears", [3, 2]), ("q=RED+pears", [2]), ("q=plums", []),
            ("q=pears&type=basket", [3]), ("entity=\(first.entity)&until=\(second.time)", [1]),
        ] {
            let listed = try await server.client.json("GET", "/api/v1/events?\(query)")
            // What the server tells of itself, as of its first key, is not looked at.
            let ids = (listed["items"] ?? .null).elements.compactMap { $0["id"]?.string }
            #expect(ids.filter { id in events.contains { $0.id == id } } == found.map { events[$0 - 1].id }, "\(query)")
        }
        #expect(await server.process.stop() == 0)
    }

    @Test func whatCannotBeAskedOfEventsIsNamed() async throws {
        let server = try await ObserverServer()
        let many = Array(repeating: "word", count: 17).joined(separator: "+")
        let long = String(repeating: "x", count: 201)
        for (query, name) in [
            ("since=yesterday", "since"), ("until=2026-13-01T00:00:00Z", "until"), ("entity=7", "entity"),
            ("type=\(long)", "type"), ("q=\(long)", "q"), ("q=a*", "q"), ("q=\(many)", "q"), ("since=25:00", "since"),
            ("until=now", "until"),
            ("operation=upsert", "operation"), ("colour=red", "colour"), ("limit=0", "limit"),
        ] {
            let answer = try await server.client.answer("GET", "/api/v1/events?\(query)")
            let problem = try JSONParser.parse(answer.body)
            #expect(answer.status == 400, "\(query): \(answer.status) \(problem)")
            let pointers = (problem["errors"] ?? .null).elements.compactMap { $0["pointer"]?.string }
            #expect(pointers == ["?\(name)"], "\(query): \(problem)")
        }
        #expect(await server.process.stop() == 0)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func replaysAreBoundedByPositionsAndByTimes(_ engine: TestStore.Engine) async throws {
        let server = try await ObserverServer(engine)
        try await server.observe("all", #""entity_types": ["basket"],"#)
        var events: [Taken] = []
        for number in 1...4 { events.append(try await happen(on: server, "basket", #"{"n": \#(number)}"#)) }
        var seen = try await server.receiver.waitForRequests(4).count
        for (from, to, wanted) in [
            (events[1].id, events[2].id, [2, 3]), (events[1].time, events[3].time, [2, 3]),
            (events[2].time, nil, [3, 4]), (events[3].id, nil, [4]), (nil, events[1].time, [1]),
            (nil, events[1].id, [1, 2]), (events[1].id, events[3].time, [2, 3]), (nil, nil, [1, 2, 3, 4]),
        ] as [(String?, String?, [Int])] {
            let bounds = [("from", from), ("to", to)].compactMap { name, value in value.map { "\(name)=\($0)" } }
            let path = "/api/v1/observers/all/replay?\(bounds.joined(separator: "&"))"
            let begun = try await server.client.json("POST", path)
            let last = events[(wanted.last ?? 0) - 1].id
            #expect(to == nil || begun["to"] == .string(last) || begun["to"] == .number(last), "\(path): \(begun)")
            // What was replayed beside that would stand among those of the next one.
            let requests = try await server.receiver.waitForRequests(seen + wanted.count)
            let positions = requests[seen...].compactMap { $0["webhook-id"]?.split(separator: "_").dropFirst().first }
            #expect(positions.map { String($0) }.sorted() == wanted.map { events[$0 - 1].id }.sorted(), "\(path)")
            seen += wanted.count
        }
        for (query, name) in [("from=yesterday", "from"), ("to=-1", "to"), ("from=2026-02-30T00:00:00Z", "from")] {
            let answer = try await server.client.answer("POST", "/api/v1/observers/all/replay?\(query)")
            #expect(
                answer.status == 400
                    && (try? JSONParser.parse(answer.body))?["errors"]?.elements.first?["pointer"]
                        == .string("?\(name)"),
                "\(query)")
        }
        let nothing = try await server.client.answer("POST", "/api/v1/observers/all/replay?from=2100-01-01T00:00:00Z")
        #expect(nothing.status == 422)
        #expect(server.receiver.count == seen)
        #expect(await server.process.stop() == 0)
    }

    /// A definition that a running server is given, and what it says of it.
    private static let refused: [(members: String, pointer: String, reasons: [String])] = [
        (
            #""condition": "total_amount > 5 &&\n  total_amont < 9""#, "/condition",
            ["There is no field total_amont; did you mean total_amount?"]
        ),
        (
            #""condition": "total_amount > 5 &&\n  fild_changed('status')""#, "/condition",
            [
                "line 2, column 3: ", "did you mean field_changed?", "\n    fild_changed('status')\n    ^",
            ]
        ),
        (
            #""condition": "event.typ == 'order'""#, "/condition",
            ["line 1, column 1: ", "did you mean event.type?", "\n  event.typ == 'order'\n  ^"]
        ),
        (
            #""actions": [{"type": "log", "message": "order {{ order_numbr }}"}]"#, "/actions/0",
            ["order: There is no field order_numbr; did you mean order_number?"]
        ),
        (
            #""actions": [{"type": "log", "message": "order {{ order_number | shout }}"}]"#, "/actions/0/message",
            ["line 1, column 25: ", "shout", "\n  order {{ order_number | shout }}\n                          ^"]
        ),
        (
            #""lookups": {"who": {"entity_type": "customer", "id": "customr_id"}}"#, "/lookups/who",
            ["order: There is no field customr_id; did you mean customer_id?"]
        ),
    ]

    @Test func whatLeadsNowhereIsRefusedWithItsPlace() async throws {
        let server = try await ObserverServer()
        let good = #"{"name": "o", "entity_types": ["order"], "actions": [{"type": "log", "message": "x"}]}"#
        let whole = try JSONParser.parse(Array(good.utf8))
        for (members, pointer, reasons) in Self.refused {
            let patch = try JSONParser.parse(Array("{\(members)}".utf8))
            let names = patch.members.map(\.name)
            let body = JSONValue.object(JSONObject(whole.members.filter { !names.contains($0.name) } + patch.members))
            let answer = try await server.client.answer("POST", "/api/v1/observers", body)
            let problem = try JSONParser.parse(answer.body)
            #expect(answer.status == 422, "\(problem)")
            let errors = (problem["errors"] ?? .null).elements
            #expect(errors.compactMap { $0["pointer"]?.string } == [pointer], "\(problem)")
            let told = errors.first?["detail"]?.string ?? ""
            for reason in reasons { #expect(told.contains(reason), "\(told)") }
        }
        #expect(try await server.client.json("GET", "/api/v1/observers")["items"] == .array([]))
        _ = try await server.client.send("POST", "/api/v1/observers", whole)
        let change = try JSONParser.parse(Array(#"{"condition": "total_amont > 5"}"#.utf8))
        let answer = try await server.client.answer("PATCH", "/api/v1/observers/o", change, ifMatch: 1)
        #expect(answer.status == 422)
        #expect(try await server.client.json("GET", "/api/v1/observers/o")["version"] == .integer(1))
        #expect(await server.process.stop() == 0)
    }
}
