import ChangeLog
import Core
import Learning
import Logging
import Storage
import Synchronization

/// What recommendations are made of, of all tenants: a projection of the change log into memory.
final class RecommendationIndex: Projection {
    private struct State {
        var tenants: [Tenant: TenantIndex] = [:]
        var isReady = false
        var applied: LogPosition?
    }

    /// How many rows are read at once.
    private static let pageLimit = 2_000

    let name = "recommendations"
    let types: Set<String>? = [
        Item.entityType, Interaction.entityType, RecommendationUser.entityType, UserMerge.entityType,
        ForgottenInteractions.entityType,
    ]
    let batchLimit: Int? = 2_000

    private let log: ChangeLog
    private let items: Items
    private let interactions: Interactions
    private let users: RecommendationUsers
    /// In seconds.
    private let halfLife: Double
    private let files: ModelFiles?
    private let logger: Logger
    private let state = Mutex(State())

    /// - parameter files: where models are kept over a restart; nil has them learnt anew.
    init(
        _ log: ChangeLog, _ items: Items, _ interactions: Interactions, _ users: RecommendationUsers,
        files: ModelFiles?, settings: SettingsValues, logger: Logger
    ) {
        self.files = files
        self.log = log
        self.items = items
        self.interactions = interactions
        self.users = users
        halfLife = Double(settings[RecommendationsSettings.halfLife]) * 3_600
        self.logger = logger
    }

    /// Whether everything has been read since the start.
    var isReady: Bool { state.withLock { $0.isReady } }

    /// What there is of a tenant; nothing until something is written.
    func find(_ tenant: Tenant) -> TenantIndex? { state.withLock { $0.tenants[tenant] } }

    /// All tenants of which there is something.
    var tenants: [(tenant: Tenant, index: TenantIndex)] {
        state.withLock { $0.tenants.map { ($0.key, $0.value) } }
    }

    func position() async throws -> LogPosition? { state.withLock { $0.applied } }

    func rebuild() async throws { try await rebuild(without: []) }

    /// - parameter unneeded: tenants whose models are not taken over.
    private func rebuild(without unneeded: Set<Tenant>) async throws {
        let last = try await log.settledEnd()
        var tenants: [Tenant: TenantIndex] = [:]
        func index(of tenant: Tenant) -> TenantIndex {
            if let index = tenants[tenant] { return index }
            let index = TenantIndex(halfLife: halfLife)
            tenants[tenant] = index
            return index
        }
        // First of all, so that items have the slots that the models know them by.
        for tenant in files?.tenants ?? [] where !unneeded.contains(tenant) {
            restore(tenant, into: index(of: tenant))
        }
        try await forEachPage { [items, log] start in
            try await log.database.read { try items.page(after: start, limit: Self.pageLimit, in: $0) }
        } body: { page in
            for (tenant, items) in Dictionary(grouping: page, by: \.tenant) {
                index(of: tenant).update { catalog in
                    for item in items { catalog.set(item) }
                }
            }
        }
        let later = LaterInteractions(after: last)
        try await forEachPage { [interactions, log] start in
            let head = log.head
            return try await log.database.read { transaction in
                let later = try later.find(settled: head, in: transaction)
                return try interactions.page(after: start?.interaction, limit: Self.pageLimit, in: transaction)
                    .map { (interaction: $0, isLater: later.contains($0.id)) }
            }
        } body: { page in
            let new = page.filter { !$0.isLater }.map(\.interaction)
            for (tenant, interactions) in Dictionary(grouping: new, by: \.tenant) {
                index(of: tenant).add(interactions, now: log.time.now())
            }
        }
        try await forEachPage { [users, log] start in
            try await log.database.read { try users.page(after: start, limit: Self.pageLimit, in: $0) }
        } body: { page in
            for user in page { index(of: user.tenant).describe(user.id, user.attributes) }
        }
        let dropped = dropUnneeded(tenants)
        guard dropped.isEmpty else { return try await rebuild(without: unneeded.union(dropped)) }
        for index in tenants.values where index.snapshot.model.hybrid != nil {
            var model = index.snapshot.model
            model.content = ContentModel(index.snapshot.catalog) {}
            model.segments = SegmentModel(index, itemCount: index.snapshot.catalog.count)
            index.swap(model)
        }
        let end = try await log.database.read { try ChangeLog.last(in: $0) }
        for index in tenants.values {
            index.freshReads.noteAll(end: end)
            // Before anybody asks, whom it would hold up where there are many items.
            index.refreshPopular(at: log.time.now())
        }
        state.withLock { $0 = State(tenants: tenants, isReady: true, applied: last) }
    }

    /// Takes over the model of a tenant that was kept, if it can be used.
    private func restore(_ tenant: Tenant, into index: TenantIndex) {
        do {
            guard let stored = try files?.read(tenant) else { return }
            index.update { catalog in
                for key in stored.keys { _ = catalog.makeSlot(for: key) }
            }
            index.swap(stored.model)
        } catch {
            logger.warning(
                "A model is learnt anew.", metadata: ["tenant": "\(tenant.number)", "error": "\(error)"])
        }
    }

    /// Removes the files of models that brought back mostly slots that nobody needs any more. Where one cannot be
    /// removed, the next start comes upon it again.
    ///
    /// - returns: whose they are; where it is nobody, what was read can stay.
    private func dropUnneeded(_ tenants: [Tenant: TenantIndex]) -> Set<Tenant> {
        let unneeded = tenants.filter { $0.value.isMostlyUnused($0.value.snapshot.model) }
        for tenant in unneeded.keys {
            do {
                try files?.remove(tenant)
            } catch {
                logger.warning(
                    "A model that nobody needs any more was not removed; it is passed over.",
                    metadata: ["tenant": "\(tenant.number)", "error": "\(error)"])
            }
        }
        return Set(unneeded.keys)
    }

    /// Keeps the model of a tenant over a restart, if that is possible. One that mostly knows items that nobody needs
    /// any more is not kept, since the room that they take would be taken again.
    ///
    /// - parameter index: what it was learnt of.
    func save(_ model: RecommendationModel, of index: TenantIndex, _ tenant: Tenant) {
        guard let files else { return }
        do {
            if index.isMostlyUnused(model) {
                try files.remove(tenant)
            } else {
                try files.write(model, index.snapshot.catalog, of: tenant)
            }
        } catch {
            logger.warning(
                "A model will be learnt anew at the next start.",
                metadata: ["tenant": "\(tenant.number)", "error": "\(error)"])
        }
    }

    /// Reads rows, some at a time; the next are read while something is done with these.
    private func forEachPage<Element: Sendable>(
        _ page: @escaping @Sendable (Element?) async throws -> [Element], body: ([Element]) -> Void
    ) async throws {
        var rows = try await page(nil)
        while let last = rows.last {
            async let next = page(last)
            body(rows)
            rows = try await next
        }
    }

    func apply(_ changes: [Change], upTo position: LogPosition) async throws {
        // All that may fail comes before anything is changed, of all tenants: what fails is given again as a whole.
        let reader = HistoryReader(log: log, interactions: interactions, users: users)
        var updates: [TenantUpdate] = []
        for (tenant, changes) in Dictionary(grouping: changes, by: \.tenant) {
            updates.append(
                try await TenantUpdate(changes, to: index(of: tenant), of: tenant, upTo: position, by: reader))
        }
        let now = log.time.now()
        for update in updates { update.apply(now: now) }
        state.withLock { $0.applied = position }
    }

    private func index(of tenant: Tenant) -> TenantIndex {
        state.withLock { state in
            if let index = state.tenants[tenant] { return index }
            let index = TenantIndex(halfLife: halfLife)
            state.tenants[tenant] = index
            return index
        }
    }
}
