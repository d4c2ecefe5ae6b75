public import Core
public import Telemetry

/// Answers that were computed before: in the memory of this process, and in Redis for all instances where there is one.
///
/// An entry is valid for a position of the log (DESIGN.md, invariant 3): it carries the position at which it was read,
/// and is used while nothing that it was made of has changed since, as ``LatestChanges`` of this process knows. So
/// there is no message that could be lost, and an entry that an older or a slower instance wrote does no harm.
public final class Cache: Sendable {
    /// Where an answer came from.
    public enum Source: Sendable, Equatable {
        /// The memory of this process.
        case memory
        /// Redis.
        case redis
        /// The database.
        case computation
        /// A computation that another caller had begun.
        case sharedComputation
    }

    /// An answer.
    public struct Answer: Sendable {
        /// What is answered.
        public let image: CachedImage
        /// A position that it includes.
        public let position: LogPosition
        /// Where it came from.
        public let source: Source
        /// Whether it is in memory for the next one who asks.
        public let isStored: Bool
    }

    /// What a computation found.
    public struct Computed: Sendable {
        /// What is answered.
        public let image: CachedImage
        let position: LogPosition
        let isKept: Bool

        /// - parameters:
        ///   - position: one that the snapshot includes which it was read from.
        ///   - isKept: whether it is worth keeping: false for what is less than could be answered at another time.
        public init(_ image: CachedImage, at position: LogPosition, isKept: Bool = true) {
            self.image = image
            self.position = position
            self.isKept = isKept
        }
    }

    private let entities: EntityCache
    private let queries: MemoryCache<QueryKey>
    private let redis: RedisStore?
    private let flights = SingleFlight<CacheKey, Answer>()

    /// - parameters:
    ///   - entities: the images that the change log keeps up to date, with what it knows of changes.
    ///   - redis: what stands behind the memory, if anything.
    ///   - namespace: tells this database from others that use the same Redis. Positions of one database say nothing of
    ///     another.
    public init(
        _ entities: EntityCache, redis: RedisClient?, namespace: String, settings: SettingsValues = .defaults,
        metrics: MetricsRegistry
    ) {
        self.entities = entities
        queries = MemoryCache("queries", capacity: settings[CachingSettings.queryMemory] << 20, metrics)
        self.redis = redis.map { RedisStore($0, namespace: namespace, settings: settings, metrics) }
    }

    /// Whether Redis stands behind the memory, so that what is not in memory may be there.
    public var hasRedis: Bool { redis != nil }

    /// What is in memory of a key, if it is valid now.
    ///
    /// - parameter countsMiss: false for one who looks again, or will.
    public func find(_ key: CacheKey, countsMiss: Bool = true) -> CachedImage? {
        switch key {
        case .entity(let entity): entities.find(entity, countsMiss: countsMiss)
        case .query(let query): queries.find(query, countsMiss: countsMiss) { isValid(key, readAt: $0) }
        }
    }

    /// Keeps in memory what was computed without ``answer(for:at:_:)``. Returns whether it is kept.
    @discardableResult public func keep(_ computed: Computed, for key: CacheKey) -> Bool {
        guard computed.isKept else { return false }
        return switch key {
        case .entity(let entity): entities.keep(computed.image, for: entity, readAt: computed.position)
        case .query(let query):
            queries.insert(computed.image, for: query, readAt: computed.position) { isValid(key, readAt: $0) }
        }
    }

    /// The answer of a key: from memory, from Redis, or computed. Callers who miss at the same time share one
    /// computation, unless something changed in between.
    ///
    /// - parameters:
    ///   - position: where the log was before the call.
    ///   - included: what the computation includes at least, where that may be less.
    ///   - needed: what the answer must include: what another caller's computation found may have come from a replica
    ///     that has less.
    /// - throws: what the computation throws.
    public func answer(
        for key: CacheKey, at position: LogPosition, including included: LogPosition? = nil,
        atLeast needed: LogPosition = .start, _ compute: @escaping @Sendable () async throws -> Computed
    ) async throws -> Answer {
        if let image = find(key) { return Answer(image: image, position: position, source: .memory, isStored: true) }
        let flight = try await flights.value(
            for: key, at: included ?? position, joining: { isValid(key, readAt: $0) }
        ) { [self] in try await fetch(key, at: position, compute) }
        let answer = flight.value
        guard answer.source == .computation else {
            return Answer(
                image: answer.image, position: max(position, answer.position), source: answer.source,
                isStored: answer.isStored)
        }
        guard flight.isShared else { return answer }
        if answer.position < needed, !isValid(key, readAt: answer.position) {
            return try await fetch(key, at: position, compute)
        }
        return Answer(
            image: answer.image, position: answer.position, source: .sharedComputation, isStored: answer.isStored)
    }

    /// Looks beyond the memory, and into it again: whoever was there a moment before may have left the answer.
    private func fetch(
        _ key: CacheKey, at position: LogPosition, _ compute: @Sendable () async throws -> Computed
    ) async throws -> Answer {
        if let image = find(key, countsMiss: false) {
            return Answer(image: image, position: position, source: .memory, isStored: true)
        }
        if let entry = await redis?.find(key, where: { isValid(key, readAt: $0) }) {
            let isStored = keep(Computed(entry.image, at: entry.readAt), for: key)
            return Answer(image: entry.image, position: position, source: .redis, isStored: isStored)
        }
        do {
            let computed = try await compute()
            let isStored = keep(computed, for: key)
            if computed.isKept, isValid(key, readAt: computed.position) {
                redis?.keep(CacheEntry(image: computed.image, readAt: computed.position), for: key)
            }
            return Answer(
                image: computed.image, position: computed.position, source: .computation, isStored: isStored)
        } catch {
            // What may be there of it is out of date, and nothing takes its place.
            redis?.remove(key)
            throw error
        }
    }

    private func isValid(_ key: CacheKey, readAt: LogPosition) -> Bool {
        entities.changes.isValid(readAt: readAt, key.dependencies)
    }
}
