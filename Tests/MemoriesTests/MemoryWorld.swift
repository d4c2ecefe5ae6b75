import ChangeLog
import Core
import Logging
import Search
import ServiceLifecycle
import Storage
import TestKit

@testable import Memories

/// The role on a store of its own. What follows the log runs for as long as it is held.
final class MemoryWorld: Sendable {
    let store: TestStore
    let role: MemoryRole
    private let services: Task<Void, any Error>

    /// Where the indexes are kept, if they are.
    let indexDirectory: String
    let settings: SettingsValues
    private let holder: (any Sendable)?

    /// - parameters:
    ///   - shared: the store of another world, which stands for a restart or a second server.
    ///   - holder: what must be there as long as it is.
    init(
        _ engine: TestStore.Engine, keepsFiles: Bool = false, settings texts: [String: String] = [:],
        on shared: TestStore? = nil, holding holder: (any Sendable)? = nil
    ) async throws {
        self.holder = holder
        settings = try SettingsRegistry(MemoriesSettings.all).values(from: [
            SettingsSource(name: "test", texts: texts)
        ])
        if let shared { store = shared } else { store = try await TestStore(engine, schemas: [MemoriesSchema.schema]) }
        let access = try EngineAccess(
            settings: settings, store: store.url.map { PostgresOptions(url: $0) }, metrics: store.metrics)
        indexDirectory = store.directory.file("memories")
        role = MemoryRole(
            store.log, directory: keepsFiles ? indexDirectory : nil, engine: access, settings: settings,
            metrics: store.metrics,
            logger: Logger(label: "test"))
        services = Task { [role] in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for service in role.services { group.addTask { try await service.run() } }
                try await group.waitForAll()
            }
        }
    }

    deinit { services.cancel() }

    /// Ends it as a server ends.
    func stop() async {
        services.cancel()
        _ = await services.result
        role.close()
    }

    /// Performs a unit of work and waits until what it did can be found.
    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (UnitOfWork) throws -> T) async throws -> T {
        let answer = try await store.log.write(TestStore.context, body)
        try await role.waitUntilFound(answer.position, atMost: .seconds(60))
        return answer.value
    }

    /// Makes a collection of vectors of three components.
    @discardableResult
    func make(
        _ name: String, metric: VectorMetric = .euclid, isOnDisk: Bool = false
    ) async throws -> PointCollection {
        let definition = CollectionDefinition(
            vectors: [VectorDefinition(size: 3, metric: metric, isOnDisk: isOnDisk)],
            indexes: [PayloadFieldDefinition("n", .integer)])
        return try await write { [role] in try role.collections.create(name, definition, in: $0) }
    }

    /// Writes points at places along a line, with their numbers in their payloads.
    func put(
        _ numbers: some Sequence<UInt64> & Sendable, into collection: PointCollection, size: Int = 3
    ) async throws {
        let drafts = numbers.map { number in
            Self.draft(.number(number), at: Float(number), "{\"n\":\(number)}", size: size)
        }
        try await write { [role] in try role.points.upsert(drafts, into: collection, in: $0) }
    }

    static func draft(
        _ key: PointKey, at place: Float, _ payload: String = "{}", size: Int = 3, until end: Timestamp? = nil
    ) -> PointDraft {
        var vectors = PointVectors()
        vectors.set([place] + Array(repeating: 0, count: size - 1), at: 0)
        return PointDraft(key: key, payload: Array(payload.utf8), vectors: vectors, expiresAt: end)
    }

    /// The ids of the points that are nearest to a place.
    func nearest(
        to place: Float, limit: Int = 3, _ filter: PayloadFilter? = nil, in name: String
    ) async throws -> [PointKey] {
        try await read { [role] transaction in
            try role.search(name, of: TestStore.context.tenant, in: transaction) { found in
                var query = PointQuery(.nearest(.vector([place, 0, 0])))
                (query.limit, query.filter) = (limit, filter)
                return try found.run(query).map(\.hit.key)
            }
        }
    }

    /// How many points a collection has by its index and by its table.
    func counts(_ collection: PointCollection) async throws -> [Int] {
        let place: SQL = " WHERE tenant = \(collection.tenant) AND collection = \(collection.number)"
        return try await store.log.read { [role] transaction in
            [
                try role.search(collection.name, of: collection.tenant, in: transaction) { try $0.count(nil) },
                try transaction.first("SELECT COUNT(*) FROM points" + place) { $0.int(0) } ?? -1,
            ]
        }.value
    }
}
