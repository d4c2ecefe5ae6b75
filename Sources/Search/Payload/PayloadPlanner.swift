/// Asks the indexes what they can say to the conditions of a filter.
struct PayloadPlanner {
    /// What a filter means for slots.
    struct Constraints {
        /// Each match is in all of these.
        var sources: [any SlotSource] = []
        /// What must still be asked of payloads.
        var residual = PayloadFilter()
    }

    private let index: PayloadIndex
    private let points: any PointDirectory
    private let live: NodeSource

    init(index: PayloadIndex, points: any PointDirectory) {
        self.index = index
        self.points = points
        live = NodeSource(index.live, count: index.count)
    }

    func constraints(_ filter: PayloadFilter) -> Constraints {
        var constraints = Constraints()
        for condition in filter.must { require(condition, &constraints) }
        for condition in filter.mustNot { exclude(condition, &constraints) }
        if !filter.should.isEmpty { requireAny(filter.should, &constraints) }
        if let atLeast = filter.minShould { require(atLeast, &constraints) }
        return constraints
    }

    private func require(_ condition: PayloadCondition, _ constraints: inout Constraints) {
        if case .filter(let filter) = condition {
            let inner = self.constraints(filter)
            constraints.sources += inner.sources
            if !inner.residual.isEmpty { constraints.residual.must.append(.filter(inner.residual)) }
            return
        }
        let answer = answer(condition)
        if let source = answer.source { constraints.sources.append(source) }
        if !answer.isExact { constraints.residual.must.append(condition) }
    }

    private func exclude(_ condition: PayloadCondition, _ constraints: inout Constraints) {
        let answer = answer(condition)
        guard answer.isExact else {
            constraints.residual.mustNot.append(condition)
            return
        }
        constraints.sources.append(ComplementSource(source: answer.source ?? live, live: live))
    }

    private func requireAny(_ conditions: [PayloadCondition], _ constraints: inout Constraints) {
        let answers = conditions.map { answer($0) }
        let sources = answers.compactMap(\.source)
        // One that lets all points through lets them through for all.
        if answers.contains(where: { $0.isExact && $0.source == nil }) { return }
        if sources.count == answers.count { constraints.sources.append(UnionSource(sources: sources)) }
        if !answers.allSatisfy(\.isExact) { constraints.residual.should = conditions }
    }

    private func require(_ atLeast: PayloadFilter.AtLeast, _ constraints: inout Constraints) {
        let answers = atLeast.conditions.map { answer($0) }
        let sources = answers.compactMap(\.source)
        // Of what cannot be told, all could hold.
        let rest = atLeast.count - (answers.count - sources.count)
        if rest > 0 { constraints.sources.append(AtLeastSource(count: rest, sources: sources)) }
        if !answers.allSatisfy(\.isExact) { constraints.residual.minShould = atLeast }
    }

    private func answer(_ condition: PayloadCondition) -> Answer {
        switch condition {
        case .field(let path, let test):
            if case .any(let values) = test, values.texts.isEmpty, values.integers.isEmpty { return .none }
            return index.index(of: path)?.answer(test, among: live) ?? .unknown
        case .hasID(let keys): return .exactly(source(of: keys))
        case .hasVector(let name):
            guard let slots = points.slots(havingVector: name) else { return .unknown }
            return .exactly(NodeSource(slots.intersection(live.nodes)))
        case .filter(let filter):
            let inner = constraints(filter)
            return Answer(source: IntersectionSource(inner.sources), isExact: inner.residual.isEmpty)
        case .nested(let path, let filter):
            let sources = sources(of: filter, within: path)
            return IntersectionSource(sources).map { .among($0) } ?? .unknown
        case .slice: return .unknown
        }
    }

    private func source(of keys: Set<PointKey>) -> any SlotSource {
        var slots = SlotSet()
        for key in keys {
            if let slot = points.slot(of: key), live.contains(slot) { slots.insert(slot) }
        }
        return PostingSource(slots)
    }

    /// Where an element that fits a nested filter can be: where each of its conditions holds for some element.
    private func sources(of filter: PayloadFilter, within path: PayloadPath) -> [any SlotSource] {
        filter.must.compactMap { condition in
            guard case .field(let inner, let test) = condition, test.holdsForAValue else { return nil }
            return index.index(of: path.ofElements(inner))?.answer(test, among: live).source
        }
    }
}

extension PayloadTest {
    /// Whether it can only hold where some value passes it: not because there is none.
    fileprivate var holdsForAValue: Bool {
        switch self {
        case .isEmpty, .isNull, .count: false
        default: true
        }
    }
}
