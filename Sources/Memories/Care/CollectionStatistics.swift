import ChangeLog
public import Core
import Search

/// What there is of a collection, and how it is found.
public struct CollectionStatistics: Sendable {
    /// The vectors under one name.
    public struct Vectors: Sendable {
        /// What they are.
        public let definition: VectorDefinition
        /// How many there are.
        public let count: Int
        /// How many of them no graph has yet: each search looks at all of those.
        public let unlinkedCount: Int
        /// The memory of the index, in bytes.
        public let bytes: Int
    }

    /// The name of the collection.
    public let name: String
    /// How many points it has.
    public let pointCount: Int
    /// Its vectors by their places in its definition.
    public let vectors: [Vectors]
    /// The part of what is nearest that searches have found of late, from 0 to 1; nil before any was repeated exactly.
    public let recall: Double?
    /// Everything up to this position of the log is in the index.
    public let position: LogPosition
    /// Whether the index is to be made anew, or is being made.
    public let isRebuilding: Bool

    /// How many vectors there are under all names.
    public var vectorCount: Int { vectors.reduce(0) { $0 + $1.count } }
    /// How many of them no graph has yet.
    public var unlinkedCount: Int { vectors.reduce(0) { $0 + $1.unlinkedCount } }
    /// The memory of the indexes of its vectors, in bytes.
    public var bytes: Int { vectors.reduce(0) { $0 + $1.bytes } }
}

extension CollectionStatistics: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("collection", name)
            json.member("points", pointCount)
            json.member("vectors", vectorCount)
            json.member("unlinked", unlinkedCount)
            json.member("bytes", bytes)
            json.member("bytes_per_vector", bytes / max(1, vectorCount))
            json.member("on_disk", !vectors.isEmpty && vectors.allSatisfy(\.definition.isOnDisk))
            json.member("recall_at_10", recall)
            json.member("position", position)
            json.member("rebuilding", isRebuilding)
            json.member("by_name", array: vectors)
        }
    }
}

extension CollectionStatistics.Vectors: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("name", definition.name)
            json.member("size", definition.size)
            json.member("metric", definition.metric.rawValue)
            json.member("on_disk", definition.isOnDisk)
            json.member("vectors", count)
            json.member("unlinked", unlinkedCount)
            json.member("bytes", bytes)
        }
    }
}

extension MemoryRole {
    /// What there is of each collection of a tenant, by name.
    ///
    /// - throws: ``Failure`` `index_not_ready`.
    public func statistics(of tenant: Tenant) throws -> [CollectionStatistics] {
        let position = try readyPosition()
        return indexes.all.filter { $0.collection.tenant == tenant }
            .map { statistics($0, position) }.sorted { $0.name < $1.name }
    }

    /// What there is of a collection.
    ///
    /// - throws: ``Failure`` `collection_not_found`, `index_not_ready`.
    public func statistics(_ name: String, of tenant: Tenant) throws -> CollectionStatistics {
        let position = try readyPosition()
        guard let index = indexes.find(name, of: tenant) else { throw Collections.notFound(name) }
        return statistics(index, position)
    }

    /// Has the index of a collection made anew from the tables. Searches go on in the one that is there until then.
    ///
    /// - throws: ``Failure`` `collection_not_found`, `index_not_ready`.
    public func rebuild(_ name: String, of tenant: Tenant) throws -> CollectionStatistics {
        _ = try readyPosition()
        guard let index = indexes.find(name, of: tenant) else { throw Collections.notFound(name) }
        indexes.remake(index.collection.number)
        return try statistics(name, of: tenant)
    }

    private func readyPosition() throws -> LogPosition {
        guard indexes.isReady, let position = indexes.appliedPosition else {
            throw Failure(
                .unavailable, code: "index_not_ready", "The indexes are being made; try again.", retryAfter: 1)
        }
        return max(position, follower.position)
    }

    private func statistics(_ index: CollectionIndex, _ position: LogPosition) -> CollectionStatistics {
        let collection = index.collection
        let vectors = zip(collection.definition.vectors, index.vectors).map { definition, vectors in
            CollectionStatistics.Vectors(
                definition: definition, count: vectors.count, unlinkedCount: vectors.unlinkedCount,
                bytes: (vectors as? VectorIndex)?.bytes.total ?? 0)
        }
        return CollectionStatistics(
            name: collection.name, pointCount: index.count, vectors: vectors,
            recall: checker.recall(collection.number), position: position,
            isRebuilding: indexes.isRemaking(collection.number))
    }
}
