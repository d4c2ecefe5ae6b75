import ChangeLog
import Search
import Storage
import TestKit

@testable import Memories

extension MemoryWorld {
    /// Runs queries where a search may wait, as the routes do.
    func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
        try await withTaskExecutorPreference(role.waitingThreads) { try await store.log.read(body).value }
    }

    /// Makes a collection of a sample.
    @discardableResult
    func make(_ name: String, of sample: VectorSample) async throws -> PointCollection {
        let definition = CollectionDefinition(
            vectors: [VectorDefinition(size: sample.vectors[0].count, metric: sample.metric)],
            indexes: [PayloadFieldDefinition("n", .integer), PayloadFieldDefinition("share", .integer)])
        let collection = try await write { [role] in try role.collections.create(name, definition, in: $0) }
        for start in stride(from: 0, to: sample.vectors.count, by: 500) {
            let drafts = sample.drafts(start..<min(start + 500, sample.vectors.count))
            try await write { [role] in try role.points.upsert(drafts, into: collection, in: $0) }
        }
        return collection
    }

    /// What a query finds.
    func find(_ query: PointQuery, in name: String) async throws -> [PointHit] {
        try await read { [role] transaction in
            try role.search(name, of: TestStore.context.tenant, in: transaction) { try $0.run(query).map(\.hit) }
        }
    }
}
