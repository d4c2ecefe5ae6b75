import ChangeLog
import Core
import Search
import Storage

/// A vector database beside this server, which finds the nearest vectors in its place.
///
/// It has what the tables say, a little later: it can be emptied at any time, and is filled from them again. Several
/// servers on the same tables may write it at the same time, since what is written carries the position of the log that
/// it is of, and something newer is never replaced by something older.
protocol VectorEngine: Sendable {
    /// What it is called in the settings, in metrics and in failures.
    var name: String { get }

    /// Threads on which ``nearest(_:in:)`` may wait.
    var threads: WaitingThreads { get }

    /// Whether it can find vectors like these; those of which it cannot are found by this server itself.
    func accepts(_ definition: VectorDefinition) -> Bool

    /// Asks whether it is there and fit.
    ///
    /// - throws: ``Failure`` of the kind `invalid` when somebody must correct something first, else `unavailable`.
    func check() async throws

    /// Looks for a set of vectors and makes an empty one when there is none.
    ///
    /// - returns: everything up to there is in it; nil when it has to be filled.
    func open(_ set: VectorSet) async throws -> LogMark?

    /// The position of anything in a set that is of a later position than this one; nil where there is nothing.
    func later(than position: LogPosition, in set: VectorSet) async throws -> LogPosition?

    /// The ids of the points that have a vector in the set.
    func keys(of set: VectorSet) async throws -> [PointKey]

    /// Writes vectors, and takes out those of points that have none any more.
    ///
    /// - parameter position: the writes are of this state of the tables or of a later one.
    func apply(_ writes: [VectorWrite], to set: VectorSet, at position: LogPosition) async throws

    /// Notes that a set has been filled: everything that was not written since it was opened is taken out.
    func finishFilling(_ set: VectorSet, at mark: LogMark) async throws

    /// Notes how far the sets have come, so that a start need not go further back.
    func save(_ mark: LogMark, of sets: [VectorSet]) async throws

    /// Deletes all sets of a collection.
    func drop(_ collection: PointCollection) async throws

    /// The points nearest to a vector, the nearest first, as far as the engine finds them. The calling thread waits.
    func nearest(_ query: NearestQuery, in set: VectorSet) throws -> [NearestPoint]

    /// Closes the connections.
    func close()
}

/// The vectors that a collection has under one name, as an engine keeps them.
struct VectorSet: Sendable, Hashable {
    /// The collection: another one of the same name has another.
    let collection: Identifier
    /// Their place in the definition of the collection.
    let place: Int
    /// How many components they have.
    let size: Int
    /// What is near.
    let metric: VectorMetric
    /// How many links a node of the graph has (M).
    let m: Int
    /// How many candidates the links of a node are chosen from (efConstruction).
    let efConstruction: Int

    init(_ collection: PointCollection, _ place: Int) {
        self.init(collection.id, place, collection.definition.vectors[place])
    }

    init(_ collection: Identifier, _ place: Int, _ definition: VectorDefinition) {
        self.collection = collection
        self.place = place
        size = definition.size
        metric = definition.metric
        m = definition.m
        efConstruction = definition.efConstruction
    }

    /// The collection as 32 digits.
    static func digits(_ collection: Identifier) -> String {
        collection.description.filter { $0 != "-" }.lowercased()
    }

    /// What it is called where it is kept.
    var name: String { "vectors_\(Self.digits(collection))_\(place)" }
}

/// What an engine has of a point from now on.
struct VectorWrite: Sendable {
    let key: PointKey
    /// As the metric stores it; nil takes out what is there.
    let vector: [Float]?
}

/// What an engine is asked.
struct NearestQuery: Sendable {
    /// What is to be near, as the metric stores it.
    let vector: [Float]
    /// How many are wanted at most.
    var limit: Int
    /// How many candidates are kept while searching, or nil for what the engine takes by itself.
    var breadth: Int?
    /// Whether every vector is compared.
    var isExact = false
    /// The points that may be found, which are then all compared; nil for all.
    var keys: [PointKey]?
}

/// A point that an engine has found.
struct NearestPoint: Sendable {
    let key: PointKey
    /// By the metric, as ``VectorMetric/score(ofDistance:)`` has it.
    let score: Float
}

extension Failure {
    /// An engine does not do what it is asked, and may do it later.
    static func engineUnavailable(_ engine: String, _ cause: any Error) -> Failure {
        let reason = (cause as? Failure)?.message ?? "\(cause)"
        return Failure(
            .unavailable, code: "vector_engine_unavailable",
            "The vectors are in \(engine), which does not answer as it should: \(reason) Try again; if it lasts, look "
                + "after \(engine). Reading by id and by filter works without it.", retryAfter: 1, cause: cause)
    }

    /// A set of vectors is not there: somebody has deleted it, or its collection.
    static func vectorSetMissing(_ name: String) -> Failure {
        Failure(
            .unavailable, code: "vector_set_missing",
            "The vector engine has lost \(name). It is filled again from the tables; try again.", retryAfter: 5)
    }
}
