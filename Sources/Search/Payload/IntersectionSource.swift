/// The slots that are in each of several sources.
struct IntersectionSource: SlotSource {
    /// What tells the slots.
    private let driver: any SlotSource
    /// What they are asked for then, the cheapest first.
    private let others: [any SlotSource]

    /// There must be at least one source.
    init?(_ sources: [any SlotSource]) {
        // What tells few slots cheaply saves the others their work.
        let costs = sources.indices.map { driver in
            sources.indices.reduce(sources[driver].cost) { sum, other in
                other == driver ? sum : sum + sources[other].costAfter(sources[driver].estimate)
            }
        }
        guard let first = costs.indices.min(by: { costs[$0] < costs[$1] }) else { return nil }
        driver = sources[first]
        others = sources.indices.filter { $0 != first }.map { sources[$0] }.sorted { $0.estimate < $1.estimate }
    }

    var estimate: Int { others.reduce(driver.estimate) { min($0, $1.estimate) } }
    var cost: Int { others.reduce(driver.cost) { $0 + $1.costAfter(driver.estimate) } }
    var testCost: Int { others.reduce(driver.testCost) { $0 + $1.testCost } }
    func contains(_ slot: UInt32) -> Bool { driver.contains(slot) && others.allSatisfy { $0.contains(slot) } }

    func insert(into nodes: inout NodeSet) {
        if let few { for slot in few { nodes.insert(slot) } } else { nodes.formUnion(tellAll()) }
    }

    func all() -> NodeSet {
        few.map { NodeSet(ascending: $0) } ?? tellAll()
    }

    var few: [UInt32]? {
        guard let slots = driver.few, others.allSatisfy({ $0.isBetterAsked(slots.count) }) else { return nil }
        return others.isEmpty ? slots : slots.filter { slot in others.allSatisfy { $0.contains(slot) } }
    }

    func narrow(_ nodes: inout NodeSet) {
        driver.narrow(&nodes)
        for other in others { other.narrow(&nodes) }
    }

    private func tellAll() -> NodeSet {
        var nodes = driver.all()
        for other in others {
            if other.isBetterAsked(driver.estimate) {
                other.narrow(&nodes)
            } else {
                nodes.formIntersection(other.all())
            }
        }
        return nodes
    }
}
