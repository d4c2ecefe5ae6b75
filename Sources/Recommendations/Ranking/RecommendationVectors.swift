import Core
import Learning

/// The vectors of a tenant's users and items, all of one model: the factors that it has learnt of items, and those that
/// it would learn of users.
public struct RecommendationVectors: Sendable {
    private let snapshot: TenantIndex.Snapshot
    private let histories: UserHistories

    init(_ index: TenantIndex) { (snapshot, histories) = (index.snapshot, index.histories) }

    /// What answers call the model.
    public var model: String { snapshot.model.name }

    /// The vector of a user; nil where the model knows nothing that they did, or has no factors.
    public func vector(ofUser user: String) -> [Float]? {
        guard let hybrid = snapshot.model.hybrid, let history = histories.find(user) else { return nil }
        return hybrid.factors(of: history.entries.suffix(UserHistory.entryLimit).map(\.historyEntry))
    }

    /// The vector of an item; nil where the model does not know it, or has no factors.
    public func vector(of item: ItemKey) -> [Float]? {
        snapshot.catalog.slot(of: item).flatMap { snapshot.model.hybrid?.factors(ofItem: $0) }
    }
}
