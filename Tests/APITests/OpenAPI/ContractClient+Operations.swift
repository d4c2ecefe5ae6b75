import ChangeLog
import Core
import HTTPTypes
import NIOCore
import NIOHTTP1
import Synchronization
import TestKit
import Testing

@testable import API

/// Keys, the change log, and what those ask who run the server.
extension ContractClient {
    mutating func keepKeys() async throws {
        let made = try await send(
            "POST", "keys", body: #"{"name": "till", "scopes": ["orders:*"], "expires_at": "2030-01-01T00:00:00Z"}"#,
            status: 201)
        try await send("POST", "keys", body: #"{"name": "", "scopes": ["all"]}"#, status: 422)
        try await send("GET", "keys", query: "limit=1&count=exact")
        try await send("GET", "keys/{id}", made.id)
        try await send("DELETE", "keys/{id}", made.id, status: 204)
        try await send("GET", "keys/{id}", Self.unknown, status: 404)
    }

    mutating func readChanges() async throws {
        let first = try await send("GET", "changes", query: "after=0&limit=1000")
        let operations = Set(first.list("items").map { $0.text("operation") })
        #expect(operations == ["insert", "update", "delete"])
        try await send("GET", "changes", query: "types=order,return&limit=5")
        try await send("GET", "changes", query: "limit=0", status: 400)
        try await followChanges()
    }

    /// Follows the log for a while. A stream has no end that a client of whole answers could wait for, so the route
    /// itself is asked.
    private mutating func followChanges() async throws {
        let store = server.store
        let route = try #require(
            Routes.operations(
                log: store.log, credentials: Credentials(log: store.log, metrics: store.metrics),
                metrics: store.metrics, checks: [], settings: .defaults
            ).first { $0.path == "/api/v1/changes/stream" })
        guard case .custom(let answer) = route.handler else {
            Issue.record("The stream is no route of its own kind.")
            return
        }
        let request = try APIRequest(
            credential: .anonymous, context: TestStore.context, headers: RequestHeaders([:]), seenPosition: nil,
            path: Substring(route.path), query: "after=0&types=product", parameters: PathParameters(),
            body: ByteBuffer())
        guard case .stream(let contentType, let write) = try await answer(request).body else {
            Issue.record("The stream is no stream.")
            return
        }
        let listener = EventListener()
        await #expect(throws: EventListener.Gone.self) { try await write(listener) }
        let operation = try #require(document.operations.first { $0.path == route.path })
        let content = try document.response(of: operation, status: 200)?["content"]
        #expect(content?.members.map(\.name) == [contentType])
        let schema = try #require(document.root["components"]?["schemas"]?["Change"])
        #expect(listener.events.count > 2)
        for event in listener.events {
            let change = try JSONParser.parse(Array(event.utf8))
            #expect(document.schema.mismatches(of: change, schema) == [], "\(event)")
        }
        note(operation.name)
    }

    mutating func operate() async throws {
        try await send("GET", "/health")
        try await send("GET", "/ready")
        try await send("GET", "/metrics")
        try await send("GET", "/metrics/json")
    }
}

/// Takes events until there are any, and goes away then, as a client does.
private final class EventListener: APIStreamWriter {
    /// The listener has gone.
    struct Gone: Error {}

    let isDraining = false
    private let text = Mutex("")

    /// The data of each event.
    var events: [String] {
        text.withLock { $0.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) } }
    }

    func write(_ bytes: [UInt8]) async throws {
        text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
        if !events.isEmpty { throw Gone() }
    }
}
