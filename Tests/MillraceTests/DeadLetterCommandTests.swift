import Core
import Server
import TestKit
import Testing

/// `millrace dlq` with a receiver that fails, and is mended.
@Suite(.timeLimit(.minutes(5))) struct DeadLetterCommandTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aDryRunChangesNothingAndARetryDoesOnlyWhatFailed(_ engine: TestStore.Engine) async throws {
        let server = try await ObserverServer(engine, answering: { _ in .status(500) })
        try await server.observe("first")
        try await server.observe("second", #""entity_types": ["parcel"],"#)
        let order = try await server.happen("parcel", #"{"n": 1}"#)
        _ = try await server.happen("basket", #"{"n": 2}"#)
        try await server.untilDeadLetters(3)
        let stats = try await server.run("dlq", "stats")
        #expect(stats.output.hasPrefix("3 dead letters, the oldest of 20"))
        #expect(stats.output.hasSuffix("\n  2  first  http_500\n  1  second  http_500\n"), "\(stats.output)")
        let listed = try await server.run("dlq", "list", "--observer", "second")
        let id = String(try #require(listed.output.split(separator: " ").first))
        #expect(listed.output.hasSuffix("  second/webhook  event \(order)  http_500\n"), "\(listed.output)")
        #expect(try await server.run("dlq", "list", "--reason", "timeout").output.isEmpty)
        #expect(try await server.json("dlq", "show", id)["event"]?["position"] == .number(order))
        #expect(try await server.run("dlq", "show", "1-2").status == 1)

        let dry = try await server.run("dlq", "retry-all", "--dry-run", "--observer", "first")
        #expect(dry.output.hasSuffix("\nwould retry 2 dead letters; nothing was changed\n"), "\(dry.output)")
        #expect(try await server.run("dlq", "stats").output == stats.output)
        #expect(server.receiver.count == 3)

        server.receiver.answer { _ in .ok }
        let retried = try await server.run("dlq", "retry", id)
        #expect(retried.status == 0 && retried.output.hasPrefix("retrying \(id)  "), "\(retried.errors)")
        try await server.receiver.waitForRequests(4)
        try await server.untilDeadLetters(2)
        let all = try await server.run("dlq", "retry-all")
        #expect(all.output.hasSuffix("\nretrying 2\n"), "\(all.output)")
        try await server.untilDeadLetters(0)
        let requests = try await server.receiver.waitForRequests(6)
        // Each message has been sent twice: when it failed, and when it was retried.
        let counts = Dictionary(grouping: requests) { $0["webhook-id"] }.values.map(\.count)
        #expect(counts == [2, 2, 2])
        #expect(await server.process.stop() == 0)
    }

    @Test func moreThanOneBatchIsRetriedToTheEnd() async throws {
        // Who answers that a request is wrong is there, so no circuit breaker holds the others back.
        let server = try await ObserverServer(answering: { _ in .status(400) })
        try await server.observe("all")
        let count = 1_100
        try await withThrowingTaskGroup(of: Void.self) { group in
            for share in 0..<10 {
                group.addTask {
                    for number in 0..<(count / 10) {
                        let body = #"{"entity_type": "tick", "data": {"n": \#(share * 1_000 + number)}}"#
                        _ = try await server.client.send(
                            "POST", "/api/v1/events", JSONParser.parse(Array(body.utf8)))
                    }
                }
            }
            try await group.waitForAll()
        }
        try await server.untilDeadLetters(count)
        // They fail once more, and are not tried a third time.
        let failed = try await server.json("dlq", "retry-all")
        let ids = failed["ids"]?.elements.compactMap(\.string) ?? []
        #expect(Set(ids).count == count && ids.count <= 2_000, "\(ids.count) of which \(Set(ids).count) differ")
        try await server.untilDeadLetters(count)
        #expect(try await server.json("dlq", "retry-all", "--dry-run")["count"] == .integer(count))
        server.receiver.answer { _ in .ok }
        _ = try await server.run("dlq", "retry-all")
        try await server.untilDeadLetters(0)
        #expect(await server.process.stop() == 0)
    }

    @Test func whatIsRemovedIsNotRetried() async throws {
        let server = try await ObserverServer(answering: { _ in .status(500) })
        try await server.observe("all")
        _ = try await server.happen("parcel", "{}")
        try await server.untilDeadLetters(1)
        let id = String(try #require(try await server.run("dlq", "list").output.split(separator: " ").first))
        #expect(try await server.run("dlq", "remove", id).output == "removed \(id)\n")
        #expect(try await server.run("dlq", "remove", id).status == 1)
        #expect(try await server.run("dlq", "stats").output == "0 dead letters\n")
        #expect(try await server.json("dlq", "retry-all")["count"] == .integer(0))
        #expect(try await server.run("dlq", "retry").status == 64)
        #expect(await server.process.stop() == 0)
    }
}
