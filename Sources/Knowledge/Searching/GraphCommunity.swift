import Search

/// Nodes that belong together: more edges lead between them than chance would give them (``Leiden``). All of them are
/// of one part of the graph.
public struct GraphCommunity: Sendable, Equatable {
    /// Its id: that of the node whose id is the least in it, after `community:`. It stays while that node is in it.
    public let id: String
    /// The ids of its nodes, the most central first.
    public let members: [String]

    /// What stands before the id of a node in that of a community.
    static let prefix = "community:"
    /// How many of the most central nodes tell what a community is about.
    public static let spokesmen = 10
}

/// A community that was found.
public struct CommunityHit: Sendable {
    /// The community.
    public let community: GraphCommunity
    /// The one of its nodes that was found first. It is found as that is.
    public let best: GraphHit
}

extension GraphSnapshot {
    /// The community that goes by a node.
    func community(_ slot: UInt32) -> GraphCommunity? {
        guard let members = analysis.members[slot] else { return nil }
        return GraphCommunity(
            id: GraphCommunity.prefix + nodes.id(slot),
            members: members.filter { nodes.isThere($0) }.map { nodes.id($0) })
    }

    /// A community by its id.
    func community(id: String) -> GraphCommunity? {
        guard id.hasPrefix(GraphCommunity.prefix) else { return nil }
        return nodes.slot(of: String(id.dropFirst(GraphCommunity.prefix.count))).flatMap(community)
    }

    /// The communities, the largest first and those as large by their ids.
    ///
    /// - parameters:
    ///   - groups: the parts of the graph; nil are all.
    ///   - limit: how many at most.
    func communities(of groups: [String]?, limit: Int) -> [GraphCommunity] {
        var filters = GraphFilters()
        filters.groups = groups
        let allowed = allowed(.node, filters)
        let there = analysis.members.filter { allowed?.contains($0.key) ?? true }
        let sized: [(slot: UInt32, size: Int, id: String)] = there.map { ($0.key, $0.value.count, nodes.id($0.key)) }
        let ordered = sized.sorted { left, right in
            left.size == right.size ? left.id < right.id : left.size > right.size
        }
        return ordered.prefix(limit).compactMap { community($0.slot) }
    }
}

extension GraphSnapshot {
    /// The communities of some nodes that were found, in the order of the first of each.
    func communities(of hits: [GraphHit], limit: Int) -> [CommunityHit] {
        var seen: Set<UInt32> = []
        var found: [CommunityHit] = []
        for hit in hits {
            guard found.count < limit else { break }
            guard let slot = nodes.slot(of: hit.id), let place = analysis.community(of: slot),
                seen.insert(place).inserted, let community = community(place)
            else { continue }
            found.append(CommunityHit(community: community, best: hit))
        }
        return found
    }
}
