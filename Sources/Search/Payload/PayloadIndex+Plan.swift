extension PayloadIndex {
    /// The slots that can match a filter, and what payloads must be asked in addition.
    ///
    /// - parameter points: where points are; it must tell of the same state as this index.
    public func plan(_ filter: PayloadFilter, points: some PointDirectory) -> PayloadPlan {
        let planner = PayloadPlanner(index: self, points: points)
        let constraints = planner.constraints(filter)
        let residual = constraints.residual.isEmpty ? nil : constraints.residual
        guard let source = IntersectionSource(constraints.sources) else {
            return PayloadPlan(nodes: live, count: count, residual: residual)
        }
        if let few = source.few {
            return PayloadPlan(nodes: NodeSet(ascending: few), count: few.count, residual: residual)
        }
        let nodes = source.all()
        return PayloadPlan(nodes: nodes, count: nodes.count, residual: residual)
    }

    /// About how many points match a filter, by the indexes alone. It tells no slots, so it takes microseconds.
    public func estimate(_ filter: PayloadFilter, points: some PointDirectory) -> Int {
        let planner = PayloadPlanner(index: self, points: points)
        return min(count, IntersectionSource(planner.constraints(filter).sources)?.estimate ?? count)
    }
}
