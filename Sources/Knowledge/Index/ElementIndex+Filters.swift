import Search

extension ElementIndex {
    /// The elements that filters let through; nil are all.
    func allowed(_ kind: ElementKind, _ filters: GraphFilters) -> NodeSet? {
        var allowed = filters.filter(kind).map { values.plan($0, points: self).nodes }
        var sets = filters.attributes.map { attributes.slots(passing: $0.test, among: values.slots) }
        if kind == .edge, let ids = filters.edges { sets.append(NodeSet(ids.compactMap { slot(of: $0) })) }
        for set in sets { allowed = allowed?.intersection(set) ?? set.intersection(values.slots) }
        guard let visible else { return allowed }
        return allowed?.intersection(visible) ?? visible
    }
}
