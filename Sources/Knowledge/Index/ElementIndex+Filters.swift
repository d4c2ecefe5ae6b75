import Search

extension ElementIndex {
    /// The elements that filters let through; nil are all.
    func allowed(_ kind: ElementKind, _ filters: GraphFilters) -> NodeSet? {
        var allowed = filters.filter(kind).map { values.plan($0, points: self).nodes }
        for condition in filters.attributes {
            let passing = attributes.slots(passing: condition.test, among: values.slots)
            allowed = allowed?.intersection(passing) ?? passing
        }
        guard let visible else { return allowed }
        return allowed?.intersection(visible) ?? visible
    }
}
