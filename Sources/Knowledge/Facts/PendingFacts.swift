import ChangeLog
import Core

/// The edges that a unit of work is about to write: its facts one after the other, and those that end by them.
struct PendingFacts {
    /// What is to be written, each edge once.
    private(set) var drafts: [ElementDraft<GraphEdge>] = []
    private var places: [String: Int] = [:]
    private var known: KnownFacts
    /// Whether a fact may be one that is there, or end others. Otherwise nothing needs to be looked for.
    private let isAboutOthers: Bool
    private let now: Timestamp

    /// - parameter facts: what will be added, of which some is read ahead.
    init(_ facts: [FactDraft], _ known: KnownFacts, at now: Timestamp) throws {
        self.known = known
        self.now = now
        isAboutOthers = facts.contains { fact in
            fact.edge.element.header.id.isEmpty || !fact.contradicted.isEmpty || known.isRuled(fact.edge.element)
        }
        if isAboutOthers { try readAhead(facts) }
    }

    /// Adds a fact as if those before it were there.
    ///
    /// - returns: its id.
    /// - throws: ``Failure`` `edge_not_found` for a contradicted one that is not there.
    mutating func add(_ fact: FactDraft) throws -> String {
        var draft = fact.edge
        guard isAboutOthers else {
            put(draft)
            return draft.element.header.id
        }
        let former = draft.element.header.id.isEmpty ? try identify(&draft) : try known.edge(draft.element.header.id)
        // As it will be in the table: a fact without `valid_at` begins when it became known.
        if let former { draft.element.header.createdAt = former.header.createdAt }
        let contradicted = try fact.contradicted.map { id in
            guard let edge = try known.edge(id) else { throw GraphElements.notFound(.edge, id) }
            return edge
        }
        let others = contradicted + (try known.against(draft.element))
        let edge = draft.element
        let ended = FactTimeline.settle(&draft.element, replacing: former, against: others, at: now) { other in
            isBefore(edge, former, other)
        }
        for fact in ended { put(ElementDraft(fact)) }
        put(draft)
        return edge.header.id
    }

    /// Whether an edge comes before another one that begins at the same time.
    private func isBefore(_ edge: GraphEdge, _ former: GraphEdge?, _ other: GraphEdge) -> Bool {
        // Of those that begin when they became known, the unit of work makes several at once.
        if edge.validAt == nil, other.validAt == nil, let place = places[edge.header.id],
            let otherPlace = places[other.header.id]
        {
            return place < otherPlace
        }
        // What ended by the other one, where both begin, has done so still when it is written again.
        let beginning = FactTimeline.beginning(of: edge)
        guard let former, former.invalidAt == beginning else { return false }
        return FactTimeline.beginning(of: former) == beginning && known.exclude(former, other)
    }

    // MARK: Which edge a fact is

    /// Finds the edge that a fact without an id is: the one that is told again, by another episode, or a new one. What
    /// ended before it begins is another fact.
    ///
    /// - returns: the edge that is told again.
    private mutating func identify(_ draft: inout ElementDraft<GraphEdge>) throws -> GraphEdge? {
        let edge = draft.element
        let statement = edge.statement
        let first = try known.edge(statement.id())
        var told = first.flatMap { $0.statement == statement && FactTimeline.isSame($0, as: edge) ? $0 : nil }
        if told == nil, first != nil || known.isRuled(edge) { told = try known.told(by: edge) }
        guard let told else {
            draft.element.header.id = first == nil ? statement.id() : try freeID(statement, of: edge)
            return nil
        }
        draft.element = told.told(again: edge)
        // Its words stay, so what it has of them does too.
        if hasVector(told, like: draft) { draft.embedding = nil }
        return told
    }

    private mutating func freeID(_ statement: GraphEdge.Statement, of edge: GraphEdge) throws -> String {
        var number = 1
        while true {
            let id = statement.id(since: FactTimeline.beginning(of: edge), number: number)
            if try known.edge(id) == nil { return id }
            number += 1
        }
    }

    private func hasVector(_ edge: GraphEdge, like draft: ElementDraft<GraphEdge>) -> Bool {
        let pending = places[edge.header.id].flatMap { drafts[$0].embedding?.count }
        return draft.embedding?.count == pending ?? edge.header.dimensions
    }

    // MARK: Reading and writing

    private mutating func readAhead(_ facts: [FactDraft]) throws {
        var edges = facts.map(\.edge.element)
        let nameless = edges.indices.filter { edges[$0].header.id.isEmpty }
        for index in nameless { edges[index].header.id = edges[index].statement.id() }
        try known.read(edges.map(\.header.id) + facts.flatMap(\.contradicted))
        var doubtful: [GraphEdge] = []
        for index in edges.indices {
            guard let former = try known.edge(edges[index].header.id) else { continue }
            edges[index].header.createdAt = former.header.createdAt
            guard facts[index].edge.element.header.id.isEmpty else { continue }
            if former.statement != edges[index].statement || !FactTimeline.isSame(former, as: edges[index]) {
                doubtful.append(facts[index].edge.element)
            }
        }
        try known.readClaims(of: edges)
        try known.readStatements(of: doubtful)
        try known.read(doubtful.map { $0.statement.id(since: FactTimeline.beginning(of: $0)) })
    }

    private mutating func put(_ draft: ElementDraft<GraphEdge>) {
        let id = draft.element.header.id
        if isAboutOthers { known.note(draft.element) }
        guard let place = places[id] else {
            places[id] = drafts.count
            drafts.append(draft)
            return
        }
        let before = drafts[place]
        drafts[place] = draft
        if draft.embedding == nil, before.element.embeddedText == draft.element.embeddedText {
            drafts[place].embedding = before.embedding
        }
    }
}
