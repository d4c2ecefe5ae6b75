public import ChangeLog
import Core
import Storage

/// An edge that is to be written, with what it contradicts.
public struct FactDraft: Sendable {
    /// The edge. Without an id it has the one that follows from what it says.
    public var edge: ElementDraft<GraphEdge>
    /// The ids of edges that are not so any more if it is.
    public var contradicted: [String]

    /// An edge that contradicts what its relation says, and these.
    public init(_ edge: ElementDraft<GraphEdge>, contradicting contradicted: [String] = []) {
        self.edge = edge
        self.contradicted = contradicted
    }
}

/// Writes edges as facts: what says the same again is the same edge, and what they contradict ends (``FactTimeline``).
public struct FactWriter: Sendable {
    let elements: GraphElements
    let relations: Relations

    /// Writes facts, each as if those before it were there.
    ///
    /// - returns: them as they are now, in the order of the drafts, and those others that ended.
    /// - throws: ``Failure`` `node_missing`, `edge_not_found` for a contradicted one that is not there.
    public func write(
        _ drafts: [FactDraft], in unit: UnitOfWork
    ) throws -> (facts: [WrittenElement<GraphEdge>], ended: [GraphEdge]) {
        var pending = try PendingFacts(drafts, known(of: drafts.map(\.edge.element), in: unit), at: unit.now)
        let ids = try drafts.map { try pending.add($0) }
        let written = try elements.put(pending.drafts, in: unit)
        let byID = Dictionary(written.map { ($0.element.header.id, $0) }, uniquingKeysWith: { first, _ in first })
        let own = Set(ids)
        return (ids.compactMap { byID[$0] }, written.map(\.element).filter { !own.contains($0.header.id) })
    }

    /// What is known of some facts, by the rules of their names.
    func known(of facts: [GraphEdge], in unit: UnitOfWork) throws -> KnownFacts {
        let rules = try relations.find(Set(facts.map(\.name)).sorted(), of: unit.tenant, in: unit.transaction)
        return KnownFacts(elements, rules.mapValues(\.cardinality), in: unit)
    }
}
