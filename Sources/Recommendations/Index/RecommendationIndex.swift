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
    let types: Set<String>? = [Item.entityType, Interaction.entityType, RecommendationUser.entityType]
    let batchLimit: Int? = 2_000

    private let log: ChangeLog
    private let items: Items
    private let interactions: Interactions
    /// In seconds.
    private let halfLife: Double
    private let files: ModelFiles?
    private let logger: Logger
    private let state = Mutex(State())

    /// - parameter files: where models are kept over a restart; nil has them learnt anew.
    init(
        _ log: ChangeLog, _ items: Items, _ interactions: Interactions, files: ModelFiles?, settings: SettingsValues,
        logger: Logger
    ) {
        self.files = files
        self.log = log
        self.items = items
        self.interactions = interactions
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

    func rebuild() async throws {
        let last = try await log.database.read { try ChangeLog.last(in: $0) }
        var tenants: [Tenant: TenantIndex] = [:]
        func index(of tenant: Tenant) -> TenantIndex {
            if let index = tenants[tenant] { return index }
            let index = TenantIndex(halfLife: halfLife)
            tenants[tenant] = index
            return index
        }
        // First of all, so that items have the slots that the models know them by.
        for tenant in files?.tenants ?? [] { restore(tenant, into: index(of: tenant)) }
        try await forEachPage { [items] in
            try items.page(after: $0, limit: Self.pageLimit, in: $1)
        } body: { page in
            for (tenant, items) in Dictionary(grouping: page, by: \.tenant) {
                index(of: tenant).update { catalog in
                    for item in items { catalog.set(item) }
                }
            }
        }
        try await forEachPage { [interactions] in
            try interactions.page(after: $0, limit: Self.pageLimit, in: $1)
        } body: { page in
            for (tenant, interactions) in Dictionary(grouping: page, by: \.tenant) {
                add(interactions, to: index(of: tenant))
            }
        }
        for index in tenants.values where index.snapshot.model.hybrid != nil {
            var model = index.snapshot.model
            model.content = ContentModel(index.snapshot.catalog) {}
            index.swap(model)
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

    /// Keeps the model of a tenant over a restart, if that is possible.
    func save(_ model: RecommendationModel, of tenant: Tenant) {
        guard let files, let catalog = find(tenant)?.snapshot.catalog else { return }
        do {
            try files.write(model, catalog, of: tenant)
        } catch {
            logger.warning(
                "A model will be learnt anew at the next start.",
                metadata: ["tenant": "\(tenant.number)", "error": "\(error)"])
        }
    }

    /// Reads rows, some at a time; the next are read while something is done with these.
    private func forEachPage<Element: Sendable>(
        _ page: @escaping @Sendable (Element?, any ReadTransaction) throws -> [Element],
        body: ([Element]) -> Void
    ) async throws {
        @Sendable func read(after last: Element?) async throws -> [Element] {
            try await log.database.read { try page(last, $0) }
        }
        var rows = try await read(after: nil)
        while let last = rows.last {
            async let next = read(after: last)
            body(rows)
            rows = try await next
        }
    }

    func apply(_ changes: [Change], upTo position: LogPosition) async throws {
        for (tenant, changes) in Dictionary(grouping: changes, by: \.tenant) {
            let index = index(of: tenant)
            try await apply(changes, to: index, of: tenant)
        }
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

    private func apply(_ changes: [Change], to index: TenantIndex, of tenant: Tenant) async throws {
        var (items, interactions, gone): ([Change], [Interaction], [Interaction]) = ([], [], [])
        var changedUsers: Set<String> = []
        for change in changes {
            switch (change.entityType, change.operation) {
            case (Item.entityType, _): items.append(change)
            case (Interaction.entityType, .insert):
                guard let after = change.after else { continue }
                interactions.append(try Interaction(StoredFields(after), of: tenant))
            case (_, .delete):
                guard let before = change.before else { continue }
                let fields = try StoredFields(before)
                changedUsers.insert(try fields.text("user_id"))
                guard change.entityType == Interaction.entityType else { continue }
                gone.append(try Interaction(fields, of: tenant))
            default: continue
            }
        }
        if !items.isEmpty {
            try index.update { catalog in
                for change in items {
                    if let after = change.after {
                        catalog.set(try Item(StoredFields(after), of: tenant))
                    } else if let before = change.before {
                        catalog.remove(try Item(StoredFields(before), of: tenant).key)
                    }
                }
            }
        }
        add(interactions, to: index, exceptHistoriesOf: changedUsers)
        for interaction in gone {
            guard let slot = index.snapshot.catalog.slot(of: interaction.item) else { continue }
            index.popularity.remove(Float(interaction.weight), from: slot, at: interaction.time)
        }
        for user in changedUsers { try await read(user, of: tenant, into: index) }
    }

    /// Adds what users did.
    ///
    /// - parameter users: whose histories are read anew afterwards.
    private func add(
        _ interactions: [Interaction], to index: TenantIndex, exceptHistoriesOf users: Set<String> = []
    ) {
        let catalog = index.snapshot.catalog
        let unknown = interactions.map(\.item).filter { catalog.slot(of: $0) == nil }
        if !unknown.isEmpty {
            index.update { catalog in
                for key in unknown { _ = catalog.makeSlot(for: key) }
            }
        }
        let slots = index.snapshot.catalog
        for interaction in interactions {
            guard let slot = slots.slot(of: interaction.item) else { continue }
            let weight = Float(interaction.weight)
            if !users.contains(interaction.user) {
                index.histories.update(interaction.user) {
                    $0.add(slot, weight: weight, time: interaction.time.microseconds)
                }
            }
            index.popularity.add(weight, to: slot, at: interaction.time)
        }
    }

    /// Reads anew what a user did, of whom something was taken back.
    private func read(_ user: String, of tenant: Tenant, into index: TenantIndex) async throws {
        var history = UserHistory()
        var offset = 0
        while true {
            let page = try await log.database.read { [interactions, offset] in
                try interactions.list(of: user, limit: Self.pageLimit, offset: offset, tenant, in: $0)
            }
            let unknown = page.filter { index.snapshot.catalog.slot(of: $0.item) == nil }
            if !unknown.isEmpty {
                index.update { catalog in
                    for interaction in unknown { _ = catalog.makeSlot(for: interaction.item) }
                }
            }
            let catalog = index.snapshot.catalog
            for interaction in page {
                guard let slot = catalog.slot(of: interaction.item) else { continue }
                history.add(slot, weight: Float(interaction.weight), time: interaction.time.microseconds)
            }
            offset += page.count
            guard page.count == Self.pageLimit else { break }
        }
        index.histories.set(user, history.count == 0 ? nil : history)
    }
}
