public import Core
import Telemetry

/// The room that a tenant has left for rows that are to be written: a value that is asked for each of them.
public struct RecommendationRoom: Sendable {
    /// What is limited.
    enum Kind: String, CaseIterable, Sendable {
        case entities
        case interactions
        case users

        /// The setting that limits it.
        var setting: String {
            switch self {
            case .entities: RecommendationsSettings.entityLimit.name
            case .interactions: RecommendationsSettings.interactionLimit.name
            case .users: RecommendationsSettings.userLimit.name
            }
        }
    }

    private let index: TenantIndex?
    private let catalog: Catalog
    private let limits: [Kind: Int]
    /// How many more there may be of what is short.
    private var left: [Kind: Int] = [:]
    private let refusals: [Kind: Counter]
    private var newItems: Set<ItemKey> = []
    private var newUsers: Set<String> = []

    init(_ index: TenantIndex?, limits: [Kind: Int], count: Int, refusals: [Kind: Counter]) {
        (self.index, self.limits, self.refusals) = (index, limits, refusals)
        catalog = index?.snapshot.catalog ?? Catalog()
        for (kind, limit) in limits {
            let there =
                switch kind {
                // What somebody did something with takes up as much room before it is written. What was deleted does
                // so afterwards; there may be as much of it again, so that it makes room for others.
                case .entities: catalog.count - min(catalog.deletedCount, limit)
                case .interactions: index?.histories.interactionCount ?? 0
                case .users: index?.histories.count ?? 0
                }
            if limit - there < count { left[kind] = max(0, limit - there) }
        }
    }

    /// Takes room for an item that is to be written, unless it is there already or somebody did something with it.
    ///
    /// - throws: ``Failure`` `too_many_entities`.
    public mutating func take(_ key: ItemKey) throws(Failure) {
        guard left[.entities] != nil, !isKnown(key) else { return }
        try takeNew(key)
    }

    private mutating func takeNew(_ key: ItemKey) throws(Failure) {
        guard !newItems.contains(key) else { return }
        try take(.entities)
        newItems.insert(key)
    }

    /// Takes room for a user, unless something is known of them already.
    ///
    /// - throws: ``Failure`` `too_many_users`.
    public mutating func take(user: String) throws(Failure) {
        guard left[.users] != nil, !newUsers.contains(user), index?.histories.find(user) == nil else { return }
        try take(.users)
        newUsers.insert(user)
    }

    /// Takes room for an interaction with all that it brings along. One that says when it was takes room even where it
    /// is there already: to know that, the table would have to be asked.
    ///
    /// - throws: ``Failure`` `too_many_interactions`, `too_many_users` or `too_many_entities`.
    public mutating func take(_ draft: InteractionDraft) throws(Failure) {
        guard !left.isEmpty else { return }
        var rest = self
        try rest.take(.interactions)
        try rest.take(user: draft.user)
        if draft.bringsItem {
            try rest.take(draft.item)
        } else if left[.entities] != nil, catalog.slot(of: draft.item) == nil {
            try rest.takeNew(draft.item)
        }
        self = rest
    }

    private func isKnown(_ key: ItemKey) -> Bool {
        catalog.slot(of: key).map { catalog[$0].attributes != nil || catalog[$0].version == 0 } ?? false
    }

    private mutating func take(_ kind: Kind) throws(Failure) {
        guard let rest = left[kind] else { return }
        guard rest > 0 else {
            refusals[kind]?.increment()
            throw Failure.conflict(
                "too_many_\(kind.rawValue)",
                isFullOfDeleted(kind)
                    ? "More entities than the tenant may have, which is \(limits[kind] ?? 0), were deleted since the "
                        + "server started, and take room until it starts again: have \(kind.setting) raised."
                    : "There are as many \(kind.rawValue) as the tenant may have, which is \(limits[kind] ?? 0): "
                        + "delete some that are not needed, or have \(kind.setting) raised.")
        }
        left[kind] = rest - 1
    }

    private func isFullOfDeleted(_ kind: Kind) -> Bool {
        kind == .entities && catalog.deletedCount > limits[kind] ?? 0
    }
}
