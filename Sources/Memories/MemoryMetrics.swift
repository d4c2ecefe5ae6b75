import Search
import Telemetry

/// What is told of the indexes of all collections.
enum MemoryMetrics {
    /// Has a registry ask the indexes whenever it is read.
    static func register(_ indexes: CollectionIndexes, in registry: MetricsRegistry) {
        let points = registry.gauge("points", "Points in all collections.").with()
        let bytes = registry.gauge(
            "vector_index_bytes", "Memory of the indexes of vectors: codes, links of the graphs, and vectors.",
            labels: ["part"])
        let unlinked = registry.gauge(
            "vectors_unlinked", "Vectors that no graph has yet: each search looks at all of them."
        ).with()
        registry.onCollect { [weak indexes] in
            guard let indexes else { return }
            let all = indexes.all
            points.set(Double(all.reduce(0) { $0 + $1.count }))
            let vectors = all.flatMap(\.embedded)
            let used = (vectors + indexes.beingMade).map(\.bytes)
            bytes.with("codes").set(Double(used.reduce(0) { $0 + $1.codes }))
            bytes.with("links").set(Double(used.reduce(0) { $0 + $1.links }))
            bytes.with("vectors").set(Double(used.reduce(0) { $0 + $1.vectors }))
            unlinked.set(Double(vectors.reduce(0) { $0 + $1.unlinkedCount }))
        }
    }
}
