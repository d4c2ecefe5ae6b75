import ChangeLog
import Core
import Storage

extension GraphElements {
    /// Takes over what there is to be of the graph of a shop. To do it twice is the same as once.
    func apply(_ update: ShopUpdate, in unit: UnitOfWork) throws {
        if !update.goneNodes.isEmpty { try delete(GraphNode.self, update.goneNodes, in: unit) }
        if !update.goneEdges.isEmpty { try delete(GraphEdge.self, update.goneEdges, in: unit) }
        for node in update.goneVariants { try release(node, in: unit) }
        try put(update.nodes.lastOfEachID.map { ElementDraft($0) }, in: unit)
        _ = try add(update.others.map { ElementDraft($0) }, in: unit)
        try put(try lasting(update.lasting.lastOfEachID, in: unit).map { ElementDraft($0) }, in: unit)
        try put(try connected(update, in: unit).lastOfEachID.map { ElementDraft($0) }, in: unit)
        let orphans = try update.orphans.filter { orphan in
            try !isTarget(orphan.id, of: orphan.relation, unit.tenant, in: unit.transaction)
        }
        if !orphans.isEmpty { try delete(GraphNode.self, orphans.map(\.id), in: unit) }
    }

    /// A variant is sold no more.
    private func release(_ variant: GraphNode, in unit: UnitOfWork) throws {
        let id = variant.header.id
        guard try isTarget(id, of: ShopGraph.reserves, unit.tenant, in: unit.transaction) else {
            try delete(GraphNode.self, [id], in: unit)
            return
        }
        try delete(GraphEdge.self, [ShopGraph.parentEdge(ofVariant: id)], in: unit)
        try put([ElementDraft(variant)], in: unit)
    }

    /// The edges that have been so for as long as is known.
    private func lasting(_ edges: [GraphEdge], in unit: UnitOfWork) throws -> [GraphEdge] {
        let there = try find(GraphEdge.self, edges.map(\.header.id), of: unit.tenant, in: unit.transaction)
        return edges.map { edge in
            guard let old = there[edge.header.id], old.target == edge.target else { return edge }
            var edge = edge
            edge.validAt = old.validAt
            return edge
        }
    }

    /// The edges whose nodes are there.
    private func connected(_ update: ShopUpdate, in unit: UnitOfWork) throws -> [GraphEdge] {
        var known = Set((update.nodes + update.others).map(\.header.id))
        let asked = Set(update.edges.flatMap(\.neededNodes)).subtracting(known)
        guard !asked.isEmpty else { return update.edges }
        known.formUnion(try find(GraphNode.self, asked.sorted(), of: unit.tenant, in: unit.transaction).keys)
        return update.edges.filter { known.isSuperset(of: $0.neededNodes) }
    }
}

extension Array where Element: GraphElement {
    /// Each element once, as it comes last: names of the shop that are written in several ways may be one in the graph.
    fileprivate var lastOfEachID: [Element] {
        var ids: Set<String> = []
        return reversed().filter { ids.insert($0.header.id).inserted }.reversed()
    }
}
