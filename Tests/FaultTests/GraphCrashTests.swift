import Core
import Foundation
import TestKit
import Testing

/// A server that is killed while clients write facts.
@Suite(.serialized, .timeLimit(.minutes(30))) struct GraphCrashTests {
    private static let rounds = FaultScale.isFull ? 30 : 6
    private static let clients = 4
    /// How many elements of each client are looked for by searches and walks in each round: the latest.
    private static let latest = 40

    @Test(arguments: TestStore.Engine.allCases)
    func whatWasAnsweredIsThereAndNothingIsHalfThere(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        let database = engine == .postgres ? try PostgresServer() : nil
        let url = try database?.makeDatabase()
        func start() async throws -> Shop {
            let shop = try await Shop(
                data: directory.file("data"), settings: ["api.position_wait=60000"], database: url)
            try await shop.process.waitUntilReady()
            return shop
        }
        var shop = try await start()
        let relation = try await shop.send(
            "PUT", "/graph/relations/\(GraphModel.exclusive)", #"{"cardinality":"many_to_one"}"#)
        try #require(relation.status < 300, "\(relation.text)")
        var models: [GraphModel] = []
        var unknown = 0
        for round in 1...Self.rounds {
            let life = Duration.milliseconds(Int.random(in: 100...600, using: &random))
            let seed = random.next()
            let storms = try await shop.storm(Self.clients, killedAfter: life) { [shop] client in
                var storm = GraphStorm(name: "r\(round)x\(client)", group: "r\(round)", seed: seed &+ UInt64(client))
                await storm.run(on: shop)
                return storm
            }
            shop = try await start()
            let when = "round \(round), \(random)"
            let connection = try shop.connect()
            var settled: [GraphModel] = []
            for storm in storms {
                unknown += storm.pending == nil ? 0 : 1
                let model = try await Self.settle(storm, on: connection, when)
                try await Self.expectFound(Array(storm.answered.suffix(Self.latest)), model, on: connection, when)
                settled.append(model)
            }
            try await Self.expectNothingElse(settled, in: "r\(round)", on: connection, when)
            models += settled
        }
        let connection = try shop.connect()
        for model in models {
            let found = try await model.read(with: model, on: connection)
            #expect(found.hasSame(as: model), "after the end, \(random)")
        }
        let written = models.reduce(0) { $0 + $1.nodes.count + $1.edges.count }
        print("\(engine): \(written) elements written, \(unknown) requests of unknown outcome settled")
        #expect(written > Self.rounds * Self.clients && unknown > 0)
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }

    /// What there is of a client: all that was answered, and all of the last request or nothing of it.
    private static func settle(
        _ storm: GraphStorm, on connection: RawConnection, _ when: String
    ) async throws -> GraphModel {
        let pending = storm.pending ?? storm.model
        let found = try await storm.model.read(with: pending, on: connection)
        if found.hasSame(as: storm.model) { return storm.model }
        let wrong =
            found.nodes.filter { pending.nodes[$0.key] != $0.value }.map { "\($0)" }
            + found.edges.filter { pending.edges[$0.key] != $0.value }.map { "\($0)" }
            + pending.nodes.keys.filter { found.nodes[$0] == nil }
            + pending.edges.keys.filter { found.edges[$0] == nil }
        #expect(found.hasSame(as: pending), "a request is half there: \(wrong), \(when)")
        return pending
    }

    /// Elements are found by their words and by the edges that lead to them, and each has had each version once.
    private static func expectFound(
        _ ids: [String], _ model: GraphModel, on connection: RawConnection, _ when: String
    ) async throws {
        for id in Set(ids) {
            let kind = model.edges[id] != nil || model.gone["edges/\(id)"] != nil ? "edges" : "nodes"
            let isThere = model.nodes[id] != nil || model.edges[id] != nil
            let search = #"{"query":"\#(id)","limit":1}"#
            let found = try await connection.exchange("POST", "/search/\(kind)", search).json[kind]?.elements ?? []
            #expect(found.map { $0["uuid"]?.string } == (isThere ? [id] : []), "\(id), \(when)")
            let history = try await connection.exchange("GET", "/graph/\(kind)/\(id)/history").json
            let current = history["current"].flatMap { $0 == .null ? nil : $0 }
            let versions = ([current].compactMap { $0 } + (history["versions"]?.elements ?? []))
                .map { JSONObject($0.members).integer("version") ?? 0 }
            let last = model.nodes[id]?.version ?? model.edges[id]?.version ?? model.gone["\(kind)/\(id)"] ?? 0
            #expect((current != nil) == isThere && versions == Array((1...max(1, last)).reversed()), "\(id), \(when)")
            guard kind == "nodes", isThere else { continue }
            let path = "/graph/nodes/\(id)/neighbors?ids_only=true&limit=10000&edges_limit=100000"
            let around = try await connection.exchange("GET", path).json
            let nodes = (around["nodes"]?.elements ?? []).compactMap { $0["uuid"]?.string }
            let edges = (around["edges"]?.elements ?? []).compactMap(\.string)
            #expect(Set(nodes) == model.neighbors(of: id) && nodes.count == Set(nodes).count, "\(id), \(when)")
            // Edges between neighbours are told too.
            #expect(model.edges(of: id).isSubset(of: edges), "\(id), \(when)")
        }
    }

    /// A part of the graph has these nodes and no others, and no edge without both of its nodes.
    private static func expectNothingElse(
        _ models: [GraphModel], in group: String, on connection: RawConnection, _ when: String
    ) async throws {
        let part = try await connection.exchange("GET", "/graph/export?group_id=\(group)&limit=10000").json
        guard part["has_more"] == .bool(false) else { return }
        let nodes = (part["nodes"]?.elements ?? []).compactMap { $0["uuid"]?.string }
        let edges = part["edges"]?.elements ?? []
        #expect(nodes.count == Set(nodes).count && Set(nodes) == Set(models.flatMap(\.nodes.keys)), "\(when)")
        #expect(Set(edges.compactMap { $0["uuid"]?.string }) == Set(models.flatMap(\.edges.keys)), "\(when)")
        for edge in edges {
            let ends = ["source_node_uuid", "target_node_uuid"].compactMap { edge[$0]?.string }
            #expect(ends.count == 2 && Set(ends).isSubset(of: nodes), "\(edge), \(when)")
        }
    }
}
