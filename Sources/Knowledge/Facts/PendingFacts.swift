import Core

/// The edges that a unit of work is about to write, and those that they may contradict.
struct PendingFacts {
    /// All of them by their ids, as they will be.
    private(set) var known: [String: GraphEdge] = [:]
    /// What is to be written, each edge once.
    private(set) var drafts: [ElementDraft<GraphEdge>] = []
    private var places: [String: Int] = [:]
    /// The ids of edges by what they say of a source and of a target.
    private var bySource: [Claim: [String]] = [:]
    private var byTarget: [Claim: [String]] = [:]
    private let now: Timestamp

    private struct Claim: Hashable {
        let group: String
        let node: String
        let name: String
    }

    init(now: Timestamp) { self.now = now }

    /// Takes over edges that are there.
    mutating func load(_ edges: [GraphEdge]) { for edge in edges { note(edge) } }

    /// The edges that cannot be so while another one is.
    func against(_ edge: GraphEdge, _ cardinality: Cardinality) -> [GraphEdge] {
        var ids: [String] = []
        if cardinality.hasOneTarget { ids += bySource[Self.source(edge)] ?? [] }
        if cardinality.hasOneSource { ids += byTarget[Self.target(edge)] ?? [] }
        var seen: Set<String> = [edge.header.id]
        return ids.filter { seen.insert($0).inserted }.compactMap { known[$0] }.filter { other in
            (cardinality.hasOneTarget && other.source == edge.source && other.target != edge.target)
                || (cardinality.hasOneSource && other.target == edge.target && other.source != edge.source)
        }
    }

    /// Adds what is to be written, and what ends by it.
    mutating func add(_ draft: ElementDraft<GraphEdge>, against others: [GraphEdge]) {
        var draft = draft
        for ended in FactTimeline.settle(&draft.element, against: others, at: now) {
            put(ElementDraft(ended))
        }
        put(draft)
    }

    private mutating func put(_ draft: ElementDraft<GraphEdge>) {
        let id = draft.element.header.id
        note(draft.element)
        if let place = places[id] {
            let before = drafts[place]
            drafts[place] = draft
            if draft.embedding == nil, before.element.embeddedText == draft.element.embeddedText {
                drafts[place].embedding = before.embedding
            }
        } else {
            places[id] = drafts.count
            drafts.append(draft)
        }
    }

    private mutating func note(_ edge: GraphEdge) {
        let id = edge.header.id
        if let before = known[id], Self.source(before) != Self.source(edge) || Self.target(before) != Self.target(edge)
        {
            bySource[Self.source(before)]?.removeAll { $0 == id }
            byTarget[Self.target(before)]?.removeAll { $0 == id }
            known[id] = nil
        }
        if known[id] == nil {
            bySource[Self.source(edge), default: []].append(id)
            byTarget[Self.target(edge), default: []].append(id)
        }
        known[id] = edge
    }

    private static func source(_ edge: GraphEdge) -> Claim {
        Claim(group: edge.header.group, node: edge.source, name: edge.name)
    }

    private static func target(_ edge: GraphEdge) -> Claim {
        Claim(group: edge.header.group, node: edge.target, name: edge.name)
    }
}
