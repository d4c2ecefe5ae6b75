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
                let fact = try ElementReader(role).fact(
                    try request.readJSON { try GraphBody(&$0) }, try elementID(request))
                return { unit in try write(fact, in: unit) }
            },
            .write(.post, "/graph/edges", scope: Self.write) { request in
                let fact = try ElementReader(role).fact(try request.readJSON { try GraphBody(&$0) })
                return { unit in try write(fact, in: unit) }
            },
            .write(.post, "/graph/triplets", scope: Self.write, bodyLimit: .bulk) { request in
                let triplets = try GraphTriplet.read(request, ElementReader(role))
                return { unit in
                    let nodes = try role.elements.add(triplets.flatMap { [$0.source, $0.target] }, in: unit)
                    let (facts, ended) = try role.facts.write(triplets.map(\.fact), in: unit)
                    return .ok(WrittenGraph(nodes: nodes, facts: facts, invalidated: ended))
                }
            },
            .write(.post, "/graph/bulk", scope: Self.write, bodyLimit: .bulk) { request in
                let batch = try GraphBatch.read(request, ElementReader(role))
                return { unit in
                    let nodes = try role.elements.put(batch.nodes.naming(by: unit), in: unit)
                    let episodes = try role.elements.put(batch.episodes.naming(by: unit), in: unit)
                    let (facts, ended) = try role.facts.write(batch.facts, in: unit)
                    return .ok(WrittenGraph(nodes: nodes, facts: facts, episodes: episodes, invalidated: ended))
                }
            },
        ]
    }

    private func write(_ fact: FactDraft, in unit: UnitOfWork) throws -> APIResponse {
        let (facts, ended) = try role.facts.write([fact], in: unit)
        guard let written = facts.first else { return .noContent }
        var json = JSONWriter()
        json.object { json in
            json.members(ofRaw: JSONWriter.bytes(of: written.element))
            json.member("invalidated", array: ended.map(\.header.id))
        }
        return .json(
            json.bytes, status: written.isNew ? .created : .ok, version: written.element.header.version)
    }
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
            if let list, parts.isEmpty { return list }
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

extension [ElementDraft<GraphNode>] {
    fileprivate func naming(by unit: UnitOfWork) -> Self { map { $0.named(by: unit) } }
}

extension [ElementDraft<GraphEpisode>] {
    fileprivate func naming(by unit: UnitOfWork) -> Self { map { $0.named(by: unit) } }
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
