public import ChangeLog
public import Core
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
        var pending = PendingFacts(now: unit.now)
        let named = try identify(drafts, in: unit)
        let rules = try relations.find(
            Set(named.map(\.edge.element.name)).sorted(), of: unit.tenant, in: unit.transaction)
        pending.load(try contradicted(named, rules, in: unit))
        for draft in named {
            let edge = draft.edge.element
            let others =
                draft.contradicted.compactMap { pending.known[$0] }
                + (rules[edge.name].map { pending.against(edge, $0.cardinality) } ?? [])
            pending.add(draft.edge, against: others)
        }
        let written = try elements.put(pending.drafts, in: unit)
        let byID = Dictionary(written.map { ($0.element.header.id, $0) }, uniquingKeysWith: { first, _ in first })
        let ids = Set(named.map(\.edge.element.header.id))
        return (
            named.compactMap { byID[$0.edge.element.header.id] },
            written.map(\.element).filter { !ids.contains($0.header.id) }
        )
    }

    // MARK: Which edge a fact is

    /// Gives facts without an id the one that follows from what they say: the same when it is said again, by another
    /// episode. What ended before they begin is another fact.
    private func identify(_ drafts: [FactDraft], in unit: UnitOfWork) throws -> [FactDraft] {
        var drafts = drafts
        let nameless = drafts.indices.filter { drafts[$0].edge.element.header.id.isEmpty }
        guard !nameless.isEmpty else { return drafts }
        let plain = Set(nameless.map { drafts[$0].edge.element.idOfFact(isAgain: false) })
        let again = Set(nameless.map { drafts[$0].edge.element.idOfFact(isAgain: true) })
        var known = try elements.lock(GraphEdge.self, Array(plain.union(again)).sorted(), in: unit)
        for index in nameless {
            var edge = drafts[index].edge.element
            edge.header.id = edge.idOfFact(isAgain: false)
            if let first = known[edge.header.id], !FactTimeline.overlap(first, edge) {
                edge.header.id = edge.idOfFact(isAgain: true)
            }
            if let before = known[edge.header.id] { edge = before.told(again: edge) }
            known[edge.header.id] = edge
            drafts[index].edge.element = edge
        }
        return drafts
    }

    // MARK: What it contradicts

    /// All edges that some facts may contradict, as they stand in the table.
    private func contradicted(
        _ drafts: [FactDraft], _ rules: [String: Relation], in unit: UnitOfWork
    ) throws -> [GraphEdge] {
        var edges: [GraphEdge] = []
        for (name, drafts) in Dictionary(grouping: drafts, by: \.edge.element.name).sorted(by: { $0.key < $1.key }) {
            guard let cardinality = rules[name]?.cardinality else { continue }
            let keys = drafts.map { EdgeKeys($0.edge.element, of: unit.tenant) }
            if cardinality.hasOneTarget {
                edges += try elements.edges(named: name, having: Set(keys.map(\.source)), at: .source, in: unit)
            }
            if cardinality.hasOneSource {
                edges += try elements.edges(named: name, having: Set(keys.map(\.target)), at: .target, in: unit)
            }
        }
        let named = Set(drafts.flatMap(\.contradicted)).sorted()
        let found = try elements.lock(GraphEdge.self, named, in: unit)
        for id in named {
            guard let edge = found[id] else { throw GraphElements.notFound(.edge, id) }
            edges.append(edge)
        }
        return edges
    }
}
