public import Core

/// State that is derived from the change log: an index, a model, a cache, deliveries.
///
/// A ``Follower`` calls its methods one after the other, never two at the same time. The state and the position that it
/// stands for are stored in **one transaction**, so a crash at any point applies no change twice and passes over none.
public protocol Projection: Sendable {
    /// What it is called in metrics, in the log and in the table `followers`; stable, for example `product_text`.
    var name: String { get }

    /// The types of entities that it follows, or nil for all.
    var types: Set<String>? { get }

    /// How many changes it takes at once at most; nil is what `change_log.follower_batch` says.
    var batchLimit: Int? { get }

    /// The position that its stored state stands for: ``LogPosition/start`` when it is empty and the log tells it
    /// everything, nil when its state is missing or unusable and has to be rebuilt.
    func position() async throws -> LogPosition?

    /// Whether its state can be used, as far as it knows without a look at it. The follower asks whenever it wakes, and
    /// has a state that was found damaged rebuilt.
    var isUsable: Bool { get }

    /// Applies changes, which ascend, and stores that everything up to a position is applied, in one transaction.
    ///
    /// The changes may be empty: then only the position moves.
    func apply(_ changes: [Change], upTo position: LogPosition) async throws

    /// Throws the state away and makes it anew from the tables, on a snapshot whose position it stores with it.
    ///
    /// It is called when ``position()`` returns nil, when the log no longer holds the changes after it, and when the
    /// log is behind it (the tables were restored from a backup).
    func rebuild() async throws
}

extension Projection {
    public var types: Set<String>? { nil }
    public var batchLimit: Int? { nil }
    public var isUsable: Bool { true }
}
