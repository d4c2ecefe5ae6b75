import ChangeLog
import Core
import Search
import Telemetry

/// Who finds the vectors of collections: an engine beside this server for those that it accepts, else this server.
struct VectorEngines: Sendable {
    /// The engine beside this server, if there is one.
    let external: (any VectorEngine)?
    let metrics: EngineMetrics

    /// This server alone.
    static let embedded = VectorEngines(external: nil, metrics: EngineMetrics(MetricsRegistry()))

    /// What finds the vectors that a collection has under one name. It is empty.
    ///
    /// - parameter sample: vectors to which codes are fitted; without any, the first ones that are stored.
    func make(_ collection: PointCollection, _ place: Int, sample: [[Float]] = []) -> any NearestVectors {
        let definition = collection.definition.vectors[place]
        guard let external, external.accepts(definition) else {
            return VectorIndex(definition.parameters, sample: sample)
        }
        return EngineVectors(VectorSet(collection, place), external, metrics)
    }

    /// Asks the engine beside this server whether it is there and fit, and has it made so as far as that is possible.
    ///
    /// - throws: ``Failure`` of the kind `invalid` when somebody must correct something first, else `unavailable`.
    func check() async throws {
        guard let external else { return }
        try await metrics.measure(.check) { try await external.check() }
    }

    // MARK: Writing

    /// Sends the vectors of points to the engine, and that others are gone.
    ///
    /// - parameters:
    ///   - points: those whose vectors were not read have the same as before.
    ///   - position: the points are as they were there, or later.
    func send(
        _ points: [Point], removing gone: [PointKey] = [], of index: CollectionIndex, at position: LogPosition
    ) async throws {
        guard let external else { return }
        for vectors in index.elsewhere {
            let writes =
                points.compactMap { point in
                    point.vectors.map { VectorWrite(key: point.key, vector: $0[vectors.set.place]) }
                } + gone.map { VectorWrite(key: $0, vector: nil) }
            guard !writes.isEmpty else { continue }
            try await metrics.measure(.write) { try await external.apply(writes, to: vectors.set, at: position) }
        }
    }

    /// Opens the sets of a collection.
    ///
    /// - returns: up to where each has everything; nil for one that has to be filled.
    @discardableResult
    func open(_ sets: [EngineVectors]) async throws -> [LogMark?] {
        guard let external else { return [] }
        var marks: [LogMark?] = []
        for vectors in sets { marks.append(try await external.open(vectors.set)) }
        return marks
    }

    /// The position of anything in a set that is of a later position than this one; nil where there is nothing.
    func later(than position: LogPosition, in vectors: EngineVectors) async throws -> LogPosition? {
        try await external?.later(than: position, in: vectors.set)
    }

    /// Notes that the sets of a collection have been filled.
    func finishFilling(_ sets: [EngineVectors], at mark: LogMark) async throws {
        for vectors in sets { try await external?.finishFilling(vectors.set, at: mark) }
    }

    /// Takes over which points have vectors in the engine, once the points are known.
    ///
    /// - parameter position: up to where the engine has everything.
    func adopt(_ index: CollectionIndex, at position: LogPosition) async throws {
        guard let external else { return }
        for vectors in index.elsewhere {
            var gone: [VectorWrite] = []
            for key in try await external.keys(of: vectors.set) {
                if let slot = index.slot(of: key) {
                    vectors.note(slot)
                } else {
                    gone.append(VectorWrite(key: key, vector: nil))
                }
            }
            for start in stride(from: 0, to: gone.count, by: Points.chunk) {
                let chunk = Array(gone[start..<min(start + Points.chunk, gone.count)])
                try await external.apply(chunk, to: vectors.set, at: position)
            }
        }
    }

    /// Notes how far all sets have come.
    func save(_ mark: LogMark, of indexes: [CollectionIndex]) async throws {
        let sets = indexes.flatMap(\.elsewhere).map(\.set)
        if !sets.isEmpty { try await external?.save(mark, of: sets) }
    }
}
