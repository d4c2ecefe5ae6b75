import ChangeLog
import Core

/// The edges that a unit of work needs to know of, as they will be: those that it writes, and those that these may end
/// or say again.
///
/// What is asked for and is not here is read from the table. Whoever has many facts lets it read ahead, by few queries.
struct KnownFacts {
    /// What facts are so at one time of, at most one: what somebody says of a node at one end of its edges of a name.
    private struct Claim: Hashable {
        let end: EdgeKeys.End
        let group: String
        let node: String
        let name: String
    }

    /// Edges of a name at a node, or between two, that were read as far as they have not ended before a moment.
    private struct Reading: Hashable {
        let end: EdgeKeys.End
        let node: Int64
        let relation: Int64
        let other: Int64?
    }

    private let elements: GraphElements
    private let unit: UnitOfWork
    private let rules: [String: Cardinality]
    private var edges: [String: GraphEdge] = [:]
    /// The ids that were looked for in the table.
    private var asked: Set<String> = []
    private var claims: [Claim: FactPeriods] = [:]
    private var statements: [GraphEdge.Statement: FactPeriods] = [:]
    private var readings: [Reading: Timestamp] = [:]

    /// - parameter rules: the cardinalities of names. Other names have none.
    init(_ elements: GraphElements, _ rules: [String: Cardinality], in unit: UnitOfWork) {
        self.elements = elements
        self.rules = rules
        self.unit = unit
    }

    /// Whether a node at an end of an edge may have one edge of its name at a time.
    private func ends(_ edge: GraphEdge) -> [EdgeKeys.End] { rules[edge.name]?.ends ?? [] }

    /// Whether edges of its name may end others, or by others.
    func isRuled(_ edge: GraphEdge) -> Bool { !ends(edge).isEmpty }

    // MARK: By id

    /// An edge by its id; nil when there is none.
    mutating func edge(_ id: String) throws -> GraphEdge? {
        try read([id])
        return edges[id]
    }

    /// Reads edges ahead.
    mutating func read(_ ids: [String]) throws {
        let new = ids.filter { asked.insert($0).inserted && edges[$0] == nil }
        guard !new.isEmpty else { return }
        take(try elements.lock(GraphEdge.self, new.sorted(), in: unit).values)
    }

    // MARK: By what they exclude

    /// The edges that cannot be so while another one is: those that it ends, and the first of those that end it.
    mutating func against(_ edge: GraphEdge) throws -> [GraphEdge] {
        let period = FactPeriods.Period(edge)
        var found: [String: GraphEdge] = [:]
        for end in ends(edge) {
            try read([edge], at: end)
            claims[Self.claim(edge, end)]?.forEach(during: period) { other in
                guard other.id != edge.header.id, let fact = edges[other.id],
                    fact.node(at: end.other) != edge.node(at: end.other), FactTimeline.overlap(fact, edge)
                else { return true }
                found[other.id] = fact
                return other.start <= period.start
            }
        }
        return found.values.sorted { FactPeriods.Period($0).isBefore(FactPeriods.Period($1)) }
    }

    /// Whether two edges cannot be so at the same time.
    func exclude(_ edge: GraphEdge, _ other: GraphEdge) -> Bool {
        ends(edge).contains { end in
            Self.claim(edge, end) == Self.claim(other, end) && edge.node(at: end.other) != other.node(at: end.other)
        }
    }

    /// Reads ahead what some edges may exclude.
    mutating func readClaims(of facts: [GraphEdge]) throws {
        for facts in Self.byName(facts) {
            for end in facts.first.map(ends) ?? [] { try read(facts, at: end) }
        }
    }

    /// Reads the edges of one name at an end of some of that name.
    private mutating func read(_ facts: [GraphEdge], at end: EdgeKeys.End) throws {
        guard let name = facts.first?.name, let since = facts.map(FactTimeline.beginning).min() else { return }
        let relation = EdgeKeys.relation(name)
        let nodes = Set(facts.map { EdgeKeys.node($0.node(at: end), of: unit.tenant) }).filter { node in
            isNew(Reading(end: end, node: node, relation: relation, other: nil), since: since)
        }
        guard !nodes.isEmpty else { return }
        take(try elements.edges(named: name, having: nodes, at: end, notEndedBefore: since, in: unit))
    }

    // MARK: By what they say

    /// The fact that is told again by an edge; nil when nobody has told it yet, or what was told is over.
    mutating func told(by edge: GraphEdge) throws -> GraphEdge? {
        if let end = ends(edge).first { try read([edge], at: end) } else { try readStatements(of: [edge]) }
        var found: GraphEdge?
        statements[edge.statement]?.forEach(during: FactPeriods.Period(edge)) { other in
            guard let fact = edges[other.id], FactTimeline.isSame(fact, as: edge) else { return true }
            found = fact
            return false
        }
        return found
    }

    /// Reads ahead what says the same as some edges, where nothing else reads it.
    mutating func readStatements(of facts: [GraphEdge]) throws {
        for facts in Self.byName(facts.filter { !isRuled($0) }) {
            guard let name = facts.first?.name, let since = facts.map(FactTimeline.beginning).min() else { continue }
            let keys = facts.map { EdgeKeys($0, of: unit.tenant) }.filter { keys in
                isNew(
                    Reading(end: .source, node: keys.source, relation: keys.relation, other: keys.target), since: since)
            }
            for start in stride(from: 0, to: keys.count, by: GraphElements.chunk) {
                let chunk = keys[start..<min(start + GraphElements.chunk, keys.count)]
                take(
                    try elements.edges(
                        named: name, having: Set(chunk.map(\.source)), at: .source, and: Set(chunk.map(\.target)),
                        notEndedBefore: since, in: unit))
            }
        }
    }

    // MARK: Reading

    /// Whether something was not read yet as far as it has not ended before a moment. It is then taken for read.
    private mutating func isNew(_ reading: Reading, since moment: Timestamp) -> Bool {
        if let known = readings[reading], known <= moment { return false }
        readings[reading] = moment
        return true
    }

    private static func byName(_ facts: [GraphEdge]) -> [[GraphEdge]] {
        Dictionary(grouping: facts, by: \.name).sorted { $0.key < $1.key }.map(\.value)
    }

    /// Takes over edges as they stand in the table, but for those that will be different.
    private mutating func take(_ found: some Collection<GraphEdge>) {
        for edge in found where edges[edge.header.id] == nil { note(edge) }
    }

    /// Takes over an edge as it will be.
    mutating func note(_ edge: GraphEdge) {
        if let before = edges.updateValue(edge, forKey: edge.header.id) {
            guard before != edge else { return }
            forEachPlace(of: before) { $0.remove($1) }
        }
        forEachPlace(of: edge) { $0.insert($1) }
    }

    private mutating func forEachPlace(
        of edge: GraphEdge, _ body: (inout FactPeriods, FactPeriods.Period) -> Void
    ) {
        let period = FactPeriods.Period(edge)
        body(&statements[edge.statement, default: FactPeriods()], period)
        guard !FactTimeline.isTakenBack(edge) else { return }
        for end in ends(edge) { body(&claims[Self.claim(edge, end), default: FactPeriods()], period) }
    }

    private static func claim(_ edge: GraphEdge, _ end: EdgeKeys.End) -> Claim {
        Claim(end: end, group: edge.header.group, node: edge.node(at: end), name: edge.name)
    }
}
