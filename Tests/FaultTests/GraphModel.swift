import Core
import TestKit

/// What a part of a graph must be after some requests, found out beside the server and by nothing of its code.
struct GraphModel: Sendable, Equatable {
    struct Node: Sendable, Equatable {
        let summary: String
        var version = 1
    }

    struct Edge: Sendable, Equatable {
        let source: String
        let target: String
        let name: String
        /// The year since when it is so, if that is told.
        let year: Int?
        /// The year when something else became so.
        var end: Int?
        var version = 1
    }

    /// The relation in which a source has one target at a time.
    static let exclusive = "LIVES_IN"

    private(set) var nodes: [String: Node] = [:]
    private(set) var edges: [String: Edge] = [:]
    /// How many versions there were of what is gone, by kind and id.
    private(set) var gone: [String: Int] = [:]
    /// The ids of edges in the order in which they were written.
    private var order: [String] = []

    mutating func put(node id: String, _ summary: String) {
        nodes[id] = Node(summary: summary, version: (nodes[id]?.version ?? 0) + 1)
    }

    /// Adds a node that stays as it is where it is there.
    mutating func add(node id: String) {
        if nodes[id] == nil { put(node: id, "") }
    }

    /// Adds an edge, which ends what cannot be so at the same time.
    mutating func add(edge id: String, _ edge: Edge) {
        edges[id] = edge
        order.append(id)
        guard edge.name == Self.exclusive else { return }
        // Each fact ends where the next one begins, whenever it was told.
        let timeline = order.enumerated().filter { edges[$1]?.name == edge.name && edges[$1]?.source == edge.source }
            .map { (id: $1, year: edges[$1]?.year ?? 0, place: $0) }
            .sorted { ($0.year, $0.place) < ($1.year, $1.place) }
        for (fact, next) in zip(timeline, timeline.dropFirst()) where edges[fact.id]?.end != next.year {
            edges[fact.id]?.end = next.year
            if fact.id != id { edges[fact.id]?.version += 1 }
        }
    }

    /// Deletes a node with its edges.
    mutating func delete(node id: String) {
        gone["nodes/\(id)"] = nodes.removeValue(forKey: id)?.version
        for (edge, value) in edges where value.source == id || value.target == id {
            gone["edges/\(edge)"] = edges.removeValue(forKey: edge)?.version
            order.removeAll { $0 == edge }
        }
    }

    /// The nodes at the other ends of the edges of a node.
    func neighbors(of id: String) -> Set<String> {
        Set(edges.values.compactMap { $0.source == id ? $0.target : $0.target == id ? $0.source : nil })
    }

    /// The edges of a node.
    func edges(of id: String) -> Set<String> {
        Set(edges.filter { $0.value.source == id || $0.value.target == id }.keys)
    }
}

extension GraphModel {
    /// What a server has of the elements that this and another model know, by their ids.
    func read(with other: GraphModel, on connection: RawConnection) async throws -> GraphModel {
        var found = GraphModel()
        for id in Set(nodes.keys).union(other.nodes.keys) {
            let answer = try await connection.exchange("GET", "/graph/nodes/\(id)")
            guard answer.status == 200 else { continue }
            found.nodes[id] = Node(
                summary: answer["summary"] ?? "", version: answer.json.integer("version") ?? 0)
        }
        for id in Set(edges.keys).union(other.edges.keys) {
            let answer = try await connection.exchange("GET", "/graph/edges/\(id)")
            guard answer.status == 200 else { continue }
            found.edges[id] = Edge(
                source: answer["source_node_uuid"] ?? "", target: answer["target_node_uuid"] ?? "",
                name: answer["name"] ?? "", year: answer["valid_at"].flatMap { Int($0.prefix(4)) },
                end: answer["invalid_at"].flatMap { Int($0.prefix(4)) }, version: answer.json.integer("version") ?? 0)
        }
        return found
    }

    /// Whether the same elements are there, whatever is gone.
    func hasSame(as other: GraphModel) -> Bool { nodes == other.nodes && edges == other.edges }
}

extension JSONObject {
    /// A member that is a whole number.
    func integer(_ name: String) -> Int? {
        if case .number(let text)? = self[name] { Int(text) } else { nil }
    }
}
