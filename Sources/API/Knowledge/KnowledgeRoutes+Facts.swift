import ChangeLog
import Core
import HTTPTypes
import Knowledge
import Storage

extension KnowledgeRoutes {
    /// Writing facts: edges that end what they contradict.
    func facts() -> [Route] {
        [
            .write(.put, "/graph/edges/{id}", scope: Self.write) { request in
                let id = try elementID(request)
                let fact = try ElementReader(role).fact(try request.readJSON { try GraphBody(&$0) }, id)
                let embedded = try await withVectors([fact], of: request.tenant)
                return { unit in try write(embedded, in: unit) }
            },
            .write(.post, "/graph/edges", scope: Self.write) { request in
                let fact = try ElementReader(role).fact(try request.readJSON { try GraphBody(&$0) })
                let embedded = try await withVectors([fact], of: request.tenant)
                return { unit in try write(embedded, in: unit) }
            },
            .write(.post, "/graph/triplets", scope: Self.write, bodyLimit: .bulk) { request in
                let triplets = try GraphTriplet.read(request, ElementReader(role))
                let facts = try await withVectors(triplets.map(\.fact), of: request.tenant)
                let ends = try await withVectors(triplets.flatMap { [$0.source, $0.target] }, of: request.tenant)
                return { unit in
                    let nodes = try role.elements.add(ends.map(\.draft), in: unit)
                    return .ok(try written(facts, WrittenGraph(nodes: nodes), in: unit))
                }
            },
            .write(.post, "/graph/bulk", scope: Self.write, bodyLimit: .bulk) { request in
                let batch = try GraphBatch.read(request, ElementReader(role))
                let nodes = try await withVectors(batch.nodes, of: request.tenant)
                let episodes = try await withVectors(batch.episodes, of: request.tenant)
                let facts = try await withVectors(batch.facts, of: request.tenant)
                return { unit in
                    let graph = WrittenGraph(
                        nodes: try put(nodes, in: unit), episodes: try put(episodes, in: unit))
                    return .ok(try written(facts, graph, in: unit))
                }
            },
        ]
    }

    /// The same facts with vectors of what they say.
    private func withVectors(_ facts: [FactDraft], of tenant: Tenant) async throws -> [EmbeddedFact] {
        zip(facts, try await withVectors(facts.map(\.edge), of: tenant)).map { fact, edge in
            EmbeddedFact(edge: edge, contradicted: fact.contradicted)
        }
    }

    private func put<Element: GraphElement>(
        _ embedded: [EmbeddedDraft<Element>], in unit: UnitOfWork
    ) throws -> [WrittenElement<Element>] {
        let written = try role.elements.put(embedded.map { $0.named(by: unit).draft }, in: unit)
        try EmbeddedDraft.check(embedded, written)
        return written
    }

    private func written(
        _ facts: [EmbeddedFact], _ graph: WrittenGraph, in unit: UnitOfWork
    ) throws -> WrittenGraph {
        var graph = graph
        (graph.facts, graph.invalidated) = try role.facts.write(facts.map(\.draft), in: unit)
        try EmbeddedDraft.check(facts.map(\.edge), graph.facts)
        return graph
    }

    private func write(_ facts: [EmbeddedFact], in unit: UnitOfWork) throws -> APIResponse {
        let graph = try written(facts, WrittenGraph(), in: unit)
        guard let written = graph.facts.first else { return .noContent }
        var json = JSONWriter()
        json.object { json in
            json.members(ofRaw: JSONWriter.bytes(of: written.element))
            json.member("invalidated", array: graph.invalidated.map(\.header.id))
        }
        return .json(
            json.bytes, status: written.isNew ? .created : .ok, version: written.element.header.version)
    }
}

/// A fact that is to be written, after it was found out which vector it gets.
private struct EmbeddedFact {
    let edge: EmbeddedDraft<GraphEdge>
    let contradicted: [String]

    var draft: FactDraft { FactDraft(edge.draft, contradicting: contradicted) }
}

/// Two nodes and what relates them.
private struct GraphTriplet {
    let source: ElementDraft<GraphNode>
    let fact: FactDraft
    let target: ElementDraft<GraphNode>

    /// How many a request has at most.
    private static let limit = 10_000

    /// Reads one, or those of `triplets`.
    static func read(_ request: APIRequest, _ elements: ElementReader) throws -> [GraphTriplet] {
        try request.readJSON { reader in
            var parts: [String: GraphBody] = [:]
            var list: [GraphTriplet]?
            try reader.object { name, reader in
                if name == "triplets" {
                    list = try reader.list(limit: limit) { reader in
                        var parts: [String: GraphBody] = [:]
                        let pointer = reader.pointer
                        try reader.object { name, reader in try read(name, &reader, into: &parts) }
                        return try GraphTriplet(parts, at: pointer, elements)
                    }
                } else {
                    try read(name, &reader, into: &parts)
                }
            }
            if let list {
                guard parts.isEmpty else {
                    throw Failure.invalid(
                        at: "/triplets", "A triplet stands beside the list: send it among the others, or alone.")
                }
                return list
            }
            return [try GraphTriplet(parts, at: reader.pointer, elements)]
        }
    }

    private static func read(
        _ name: String, _ reader: inout JSONReader, into parts: inout [String: GraphBody]
    ) throws {
        guard ["source_node", "edge", "target_node"].contains(name) else {
            throw reader.failure("A triplet has a source_node, an edge and a target_node.")
        }
        parts[name] = try GraphBody(&reader)
    }

    private init(_ parts: [String: GraphBody], at pointer: String, _ elements: ElementReader) throws {
        guard let first = parts["source_node"], let edge = parts["edge"], let last = parts["target_node"] else {
            throw Failure.invalid(at: pointer, "A triplet has a source_node, an edge and a target_node.")
        }
        source = try Self.node(first, elements)
        target = try Self.node(last, elements)
        fact = try elements.fact(edge, between: (source.element.header.id, target.element.header.id))
    }

    /// A node; without an id it is that of its name and group.
    private static func node(_ body: GraphBody, _ elements: ElementReader) throws -> ElementDraft<GraphNode> {
        var node = try elements.draft(body) { $0.graphNode($1) }
        if node.element.header.id.isEmpty { node.element.header.id = node.element.idByName }
        return node
    }
}

/// Elements of all kinds that are written together.
private struct GraphBatch {
    var nodes: [ElementDraft<GraphNode>] = []
    var facts: [FactDraft] = []
    var episodes: [ElementDraft<GraphEpisode>] = []

    /// How many of a kind a request has at most.
    private static let limit = 10_000

    static func read(_ request: APIRequest, _ elements: ElementReader) throws -> GraphBatch {
        let batch = try request.readJSON { reader in
            var batch = GraphBatch()
            try reader.object { name, reader in
                switch name {
                case "nodes":
                    batch.nodes = try reader.list(limit: limit) { reader in
                        try elements.draft(GraphBody(&reader)) { $0.graphNode($1) }
                    }
                case "edges": batch.facts = try reader.list(limit: limit) { try elements.fact(GraphBody(&$0)) }
                case "episodes":
                    batch.episodes = try reader.list(limit: limit) { reader in
                        try elements.draft(GraphBody(&reader)) { $0.graphEpisode($1) }
                    }
                default: throw reader.failure("A batch has nodes, edges and episodes.")
                }
            }
            return batch
        }
        try requireDifferent(batch.nodes.map(\.element.header.id), at: "/nodes")
        try requireDifferent(batch.facts.map(\.edge.element.header.id), at: "/edges")
        try requireDifferent(batch.episodes.map(\.element.header.id), at: "/episodes")
        return batch
    }

    private static func requireDifferent(_ ids: [String], at pointer: String) throws {
        var seen: Set<String> = []
        for (index, id) in ids.enumerated() where !id.isEmpty && !seen.insert(id).inserted {
            throw Failure.invalid(at: "\(pointer)/\(index)/uuid", "Another one of the batch has the same uuid.")
        }
    }
}

/// What was written.
private struct WrittenGraph: JSONEncodable {
    var nodes: [WrittenElement<GraphNode>] = []
    var facts: [WrittenElement<GraphEdge>] = []
    var episodes: [WrittenElement<GraphEpisode>] = []
    var invalidated: [GraphEdge] = []

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("nodes", array: nodes.map(\.element.header.id))
            json.member("edges", array: facts.map(\.element.header.id))
            json.member("episodes", array: episodes.map(\.element.header.id))
            json.member(
                "created",
                nodes.count(where: \.isNew) + facts.count(where: \.isNew) + episodes.count(where: \.isNew))
            json.member("invalidated", array: invalidated.map(\.header.id))
        }
    }
}
