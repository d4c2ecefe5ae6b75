import Search

/// The nodes by which communities are found: the best of each, since thousands that fit may be of one.
struct CommunityCandidates<Found> {
    /// How many nodes a community gives at most.
    private let share: Int
    private let community: (Found) -> UInt32?
    private var counts: [UInt32: Int] = [:]
    /// The nodes, the best first.
    private(set) var nodes: [Found] = []

    /// - parameter community: that of a node; nil when it is in none, so that it is left out.
    init(_ section: SectionSearch, of community: @escaping (Found) -> UInt32?) {
        // So those of all methods together leave room for as many communities as are wanted.
        share = max(1, GraphSearch.nodesOfCommunity / max(1, section.methods.count))
        self.community = community
    }

    /// How many communities they are of.
    var communityCount: Int { counts.count }

    /// Takes over nodes that fit less than those before.
    ///
    /// - returns: the communities that none was of before.
    @discardableResult
    mutating func take(_ found: [Found]) -> [UInt32] {
        var new: [UInt32] = []
        for node in found {
            guard let place = community(node) else { continue }
            let count = counts[place, default: 0]
            if count == 0 { new.append(place) }
            if count < share { nodes.append(node) }
            counts[place] = count + 1
        }
        return new
    }
}

extension GraphSearch {
    /// How many nodes a method finds at most on the way to communities: one that has more than that hides others.
    static let communityBreadthLimit = 100_000
}

extension GraphSearcher {
    /// What a method finds where communities are wanted: as many as there are, whatever some of them have.
    ///
    /// - parameter find: what the method finds among some nodes, as many as it is told at most, the best first.
    func findForCommunities(
        _ section: SectionSearch, _ allowed: NodeSet?, _ find: (NodeSet?, Int) throws -> [ScoredSlot]
    ) rethrows -> [ScoredSlot] {
        guard !graph.analysis.members.isEmpty else { return [] }
        var candidates = CommunityCandidates<ScoredSlot>(section) { graph.analysis.community(of: $0.slot) }
        var rest = allowed
        var breadth = 2 * search.hitLimit
        while true {
            let found = try find(rest, breadth)
            let new = candidates.take(found)
            guard found.count == breadth, breadth < GraphSearch.communityBreadthLimit,
                candidates.communityCount < search.limit
            else { return candidates.nodes }
            // What is of a community that was found already says nothing new.
            var others = rest ?? graph.nodes.all
            others.subtract(NodeSet(found.map(\.slot) + new.flatMap { graph.analysis.members[$0] ?? [] }))
            rest = others
            breadth *= 2
        }
    }
}

extension FalkorDBSearcher {
    /// The same. The nodes of communities cannot be passed over there: as many more are looked for.
    ///
    /// - parameter find: what the methods find, each as many nodes as it is told at most, the best first.
    func findForCommunities(
        _ section: SectionSearch, _ communities: GraphSnapshot, _ find: (Int) throws -> [Ranking]
    ) rethrows -> [Ranking] {
        var breadth = 2 * search.hitLimit
        while true {
            let rankings = try find(breadth)
            let candidates = rankings.map { ranking in
                var candidates = CommunityCandidates<FoundElement>(section) {
                    communities.nodes.slot(of: $0.id).flatMap(communities.analysis.community)
                }
                candidates.take(ranking.found)
                return candidates
            }
            let isEnough = zip(rankings, candidates).allSatisfy { ranking, candidates in
                ranking.found.count < breadth || candidates.communityCount >= search.limit
            }
            guard !isEnough, breadth < GraphSearch.communityBreadthLimit else {
                return zip(rankings, candidates).map { ($0.method, $1.nodes) }
            }
            breadth *= Self.growth
        }
    }
}
