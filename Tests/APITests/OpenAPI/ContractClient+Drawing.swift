import Core
import TestKit
import Testing

/// Graphs as files.
extension ContractClient {
    /// The graph is that of ``keepGraph()``.
    mutating func drawGraph() async throws {
        let export = "/graph/export"
        let around = try await send("GET", export, query: "center=ada&edge_types=WORKS_WITH&direction=out")
        #expect(around.text("center_node_uuid") == "ada" && around.json["has_more"] == .bool(false))
        #expect(around.list("nodes").map { "\($0.text("uuid")) \($0.text("depth"))" } == ["ada 0", "charles 1"])
        #expect(around.list("edges").map { $0.text("fact") } == ["Ada wrote notes on the engine of Charles"])
        let whole = try await send("GET", export, query: "limit=2")
        #expect(whole.json["center_node_uuid"] == .null && whole.json["has_more"] == .bool(true))
        #expect(whole.list("nodes").count == 2 && whole.list("nodes").allSatisfy { $0.json["depth"] == nil })
        let group = try await send("GET", export, query: "group_id=nowhere")
        #expect(group.list("nodes").isEmpty && group.list("edges").isEmpty)
        let before = try await send("GET", export, query: "center=ada&depth=2&valid_at=1800-01-01T00:00:00Z")
        #expect(before.list("nodes").map { $0.text("uuid") } == ["ada"])
        for (format, start) in [("graphml", "<?xml "), ("svg", "<?xml "), ("dot", "digraph {")] {
            let query = "center=ada&depth=1&limit=10&format=\(format)"
            let text = String(decoding: try await send("GET", export, query: query).body, as: UTF8.self)
            #expect(text.hasPrefix(start) && text.contains(">Ada Lovelace<") == (format != "dot"), "\(text)")
            #expect(text.contains("Charles") && text.contains("WORKS_WITH"), "\(text)")
        }
        let picture = try await server.send("GET", "/graph/export?format=svg")
        #expect(picture.headers["content-security-policy"] == "default-src 'none'; sandbox")
        #expect(picture.headers["content-type"] == "image/svg+xml")
        #expect(picture.headers["x-content-type-options"] == "nosniff")
        try await send("GET", export, query: "center=nobody", status: 404)
        try await send("GET", export, query: "center=ada&as_of=1990-01-01T00:00:00Z", status: 404)
        try await send("GET", export, query: "format=png", status: 400)
        try await send("GET", export, query: "depth=2", status: 400)
        try await send("GET", export, query: "direction=in", status: 400)
        try await send("GET", export, query: "limit=10001", status: 400)
    }
}
