/// The slots that are in any of several sources.
struct UnionSource: SlotSource {
    let sources: [any SlotSource]

    var estimate: Int { sources.reduce(0) { $0 + $1.estimate } }
    var cost: Int { sources.reduce(0) { $0 + $1.cost } }
    var testCost: Int { sources.reduce(0) { $0 + $1.testCost } }
    func contains(_ slot: UInt32) -> Bool { sources.contains { $0.contains(slot) } }
    func insert(into nodes: inout NodeSet) { for source in sources { source.insert(into: &nodes) } }
}

/// The points that are not in a source.
struct ComplementSource: SlotSource {
    let source: any SlotSource
    let live: NodeSource

    var estimate: Int { max(0, live.estimate - source.estimate) }
    var cost: Int { source.cost + 2 * live.cost }
    var testCost: Int { source.testCost + 2 }
    func contains(_ slot: UInt32) -> Bool { live.contains(slot) && !source.contains(slot) }

    func insert(into nodes: inout NodeSet) { nodes.formUnion(live.nodes.subtracting(source.all())) }

    func narrow(_ nodes: inout NodeSet) {
        live.narrow(&nodes)
        nodes.keep { !source.contains($0) }
    }
}

/// The slots that are in at least so many of several sources.
struct AtLeastSource: SlotSource {
    let count: Int
    let sources: [any SlotSource]

    var estimate: Int { count > sources.count ? 0 : sources.reduce(0) { $0 + $1.estimate } / count }
    var cost: Int { sources.reduce(0) { $0 + $1.cost + $1.estimate * sources.count * 4 } }
    var testCost: Int { sources.reduce(0) { $0 + $1.testCost } }

    func contains(_ slot: UInt32) -> Bool {
        var found = 0
        for source in sources where found < count && source.contains(slot) { found += 1 }
        return found >= count
    }

    func insert(into nodes: inout NodeSet) {
        guard count <= sources.count else { return }
        let sets = sources.map { $0.all() }
        var candidates = sets.reduce(into: NodeSet()) { $0.formUnion($1) }
        candidates.keep { slot in
            var found = 0
            for set in sets where set.contains(slot) { found += 1 }
            return found >= count
        }
        nodes.formUnion(candidates)
    }
}
