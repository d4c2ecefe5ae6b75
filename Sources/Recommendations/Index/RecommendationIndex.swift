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

    func rebuild() async throws {
        let last = try await log.settledEnd()
        var tenants: [Tenant: TenantIndex] = [:]
        func index(of tenant: Tenant) -> TenantIndex {
            if let index = tenants[tenant] { return index }
            let index = TenantIndex(halfLife: halfLife)
            tenants[tenant] = index
            return index
        }
        // First of all, so that items have the slots that the models know them by.
        for tenant in files?.tenants ?? [] { restore(tenant, into: index(of: tenant)) }
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
                add(interactions, to: index(of: tenant))
            }
        }
        try await forEachPage { [users, log] start in
            try await log.database.read { try users.page(after: start, limit: Self.pageLimit, in: $0) }
        } body: { page in
            for user in page { index(of: user.tenant).describe(user.id, user.attributes) }
        }
        for index in tenants.values where index.snapshot.model.hybrid != nil {
            var model = index.snapshot.model
            model.content = ContentModel(index.snapshot.catalog) {}
            model.segments = SegmentModel(index, itemCount: index.snapshot.catalog.count)
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
        for (tenant, changes) in Dictionary(grouping: changes, by: \.tenant) {
            let index = index(of: tenant)
            try await apply(changes, to: index, of: tenant, upTo: position)
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

    private func apply(
        _ changes: [Change], to index: TenantIndex, of tenant: Tenant, upTo position: LogPosition
    ) async throws {
        let changes = try IndexChanges(changes, of: tenant, knowing: index.freshReads)
        if !changes.items.isEmpty {
            index.update { catalog in
                for (key, item) in changes.items {
                    if let item { catalog.set(item) } else { catalog.remove(key) }
                }
            }
        }
        add(changes.interactions, to: index) { !changes.users.contains($0.user) }
        add(changes.known, to: index) { _ in false }
        for sum in changes.gone {
            guard let slot = index.snapshot.catalog.slot(of: sum.item) else { continue }
            index.popularity.remove(Float(sum.weight), from: slot, at: counted(sum.time))
        }
        for (user, attributes) in changes.described where !changes.users.contains(user) {
            index.describe(user, attributes)
            index.popularity.noteChange()
        }
        for user in changes.users { try await read(user, of: tenant, into: index, after: position) }
        index.freshReads.forget(upTo: position)
    }

    /// Adds what users did.
    ///
    /// - parameter isNew: whether it has to be added to the history of its user, too.
    private func add(
        _ interactions: [Interaction], to index: TenantIndex, where isNew: (Interaction) -> Bool = { _ in true }
    ) {
        makeSlots(for: interactions, in: index)
        let catalog = index.snapshot.catalog
        for interaction in interactions {
            guard let slot = catalog.slot(of: interaction.item) else { continue }
            index.popularity.add(Float(interaction.weight), to: slot, at: counted(interaction.time))
            guard isNew(interaction) else { continue }
            index.histories.update(interaction.user) { $0.add(interaction, slot) }
        }
    }

    /// When an interaction is taken to have been: beside what is said to be of a time to come, all that is done until
    /// then would count nothing.
    private func counted(_ time: Timestamp) -> Timestamp { min(time, log.time.now()) }

    private func makeSlots(for interactions: [Interaction], in index: TenantIndex) {
        let catalog = index.snapshot.catalog
        let unknown = interactions.map(\.item).filter { catalog.slot(of: $0) == nil }
        guard !unknown.isEmpty else { return }
        index.update { catalog in
            for key in unknown { _ = catalog.makeSlot(for: key) }
        }
    }

    /// Reads anew what is known of a user of whom something was taken back or taken over, as of one moment.
    ///
    /// - parameter applied: the changes up to there are done with.
    private func read(
        _ user: String, of tenant: Tenant, into index: TenantIndex, after applied: LogPosition
    ) async throws {
        // Of what is settled the tables have all; what came later comes by its changes.
        let position = max(log.head, applied)
        let history = try await log.database.read { [self] transaction in
            let later = try LaterInteractions(after: position, of: tenant).find(settled: position, in: transaction)
            var history = UserHistory()
            var page: [Interaction] = []
            repeat {
                page = try interactions.page(
                    of: user, after: page.last, limit: Self.pageLimit, tenant, in: transaction)
                makeSlots(for: page, in: index)
                let catalog = index.snapshot.catalog
                for interaction in page where !later.contains(interaction.id) {
                    guard let slot = catalog.slot(of: interaction.item) else { continue }
                    history.add(interaction, slot)
                }
            } while page.count == Self.pageLimit
            if let user = try users.find(user, of: tenant, in: transaction) {
                history.isDescribed = true
                history.segments = index.segments.numbers(of: user.attributes)
            }
            return history
        }
        index.histories.set(user, history.isEmpty ? nil : history)
        index.popularity.noteChange()
        index.freshReads.note(user, at: position)
    }
}

extension UserHistory {
    /// Adds what the user did.
    fileprivate mutating func add(_ interaction: Interaction, _ slot: Int32) {
        add(slot, weight: Float(interaction.weight), time: interaction.time.microseconds)
    }
}
