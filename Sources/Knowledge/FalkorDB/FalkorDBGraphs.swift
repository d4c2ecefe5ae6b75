import Caching
import ChangeLog
import Core
import Logging
import Storage
import Synchronization
import Telemetry

/// The graphs of all tenants in FalkorDB: a projection of the change log into it.
///
/// One server writes it. How far it is stands in FalkorDB itself (``GraphRegister``), together with which change of the
/// log is there: a FalkorDB that was restarted empty, or that has the graphs of another log, is noticed and filled from
/// the tables.
final class FalkorDBGraphs: Projection {
    private struct State {
        /// What FalkorDB has, as far as this server has told it; nil before that is known.
        var mark: LogMark?
        var tenants: [Tenant: LogPosition] = [:]
        /// Whether somebody has found less there than that.
        var isLost = false
        /// How often each graph has been changed since the start.
        var changeCounts: [Tenant: Int] = [:]
        /// Whether it was told that all are filled again, which may take several attempts.
        var isReset = false
    }

    let name = "knowledge"
    let types: Set<String>? = Set(ElementKind.allCases.map(\.entityType))
    /// What it is called in the settings.
    let engineName = GraphEngineChoice.falkordb.rawValue
    /// Threads on which searches may wait.
    let threads: WaitingThreads
    /// Finds out how central nodes are, and which belong together.
    let analysis: FalkorDBAnalysis

    private let log: ChangeLog
    private let source: GraphSource
    private let client: FalkorDBClient
    private let register: GraphRegister
    private let form: String
    private let logger: Logger
    private let state = Mutex(State())

    /// - parameter searches: how many searches wait at the same time.
    init(_ source: GraphSource, _ client: FalkorDBClient, searches: Int) {
        log = source.log
        self.client = client
        logger = source.logger
        self.source = source
        register = GraphRegister(client.prefix)
        form = FalkorDBIndexes.form(dimensions: source.elements.dimensions)
        threads = WaitingThreads(limit: searches)
        analysis = FalkorDBAnalysis(logger: logger)
    }

    /// Whether what FalkorDB has is known.
    var isReady: Bool { state.withLock { $0.mark != nil } }

    var isUsable: Bool { state.withLock { !$0.isLost } }

    /// Asks FalkorDB whether it is there and fit.
    func check() async throws { try await client.metrics.measure(.check) { try await client.check(isUrgent: true) } }

    /// Closes the connections.
    func close() async {
        await client.close()
        threads.close()
    }

    /// What a search asks; nil when the tenant has no graph.
    func reader(of tenant: Tenant) -> FalkorDBReader? {
        state.withLock { $0.tenants[tenant] }.map { FalkorDBReader(client, tenant, atLeast: $0) }
    }

    /// How many components vectors have.
    var dimensions: Int { source.elements.dimensions }

    /// How often the graph of a tenant has been changed.
    func changeCount(of tenant: Tenant) -> Int { state.withLock { $0.changeCounts[tenant, default: 0] } }

    /// Notes that FalkorDB has less than it should: the follower looks at it again.
    func lost() { state.withLock { $0.isLost = true } }

    // MARK: Following

    func position() async throws -> LogPosition? {
        let contents = try await contents()
        guard let mark = contents.mark, contents.form == form else {
            if let known = state.withLock({ $0.mark }) { warn("lost the graphs", at: known.position) }
            return nil
        }
        guard try await log.database.read({ try LogMark(mark.position, in: $0) }) == mark else {
            warn("has the graphs of another log, as after a backup was restored", at: mark.position)
            return nil
        }
        // Those that were only noted have not been made to their end: the change that made them comes again.
        let there = contents.tenants.filter { $0.value > .start }
        let missing = try await client.send(
            there.keys.map { RedisCommand("exists", client.graph(of: $0)) }
        ).contains(.integer(0))
        guard !missing else {
            warn("lost a graph", at: mark.position)
            return nil
        }
        state.withLock { state in
            // What was told to be found stays wanted, also of what came back with an older file.
            (state.mark, state.isLost, state.isReset) = (mark, false, false)
            state.tenants = there.merging(state.tenants, uniquingKeysWith: max)
            for tenant in there.keys { state.changeCounts[tenant, default: 0] += 1 }
        }
        return mark.position
    }

    private func contents() async throws -> GraphRegister.Contents {
        GraphRegister.contents(try await client.send([register.asking]).first)
    }

    private func warn(_ what: String, at position: LogPosition) {
        let isTold = state.withLock { state in
            defer { state.isReset = true }
            return state.isReset
        }
        guard !isTold else { return }
        logger.warning(
            "FalkorDB \(what): all of them are filled again from the tables", metadata: ["position": "\(position)"])
        client.metrics.resets.increment()
    }

    func rebuild() async throws {
        state.withLock { $0 = State(changeCounts: $0.changeCounts, isReset: $0.isReset) }
        try await client.check(isUrgent: false)
        try await client.send([register.forgetting] + (try await leftovers()))
        let last = try await log.settledEnd()
        let mark = try await log.database.read { try LogMark(last, in: $0) }
        var tenants: Set<Tenant> = []
        try await source.forEachPage { page in
            for (tenant, stored) in Dictionary(grouping: page, by: \.tenant) {
                if tenants.insert(tenant).inserted { try await make(tenant) }
                var changes = FalkorDBChanges()
                for element in stored {
                    try changes.set(element.kind, element.fields, embedding: element.embedding)
                }
                try await write(changes, tenant)
            }
        }
        try await move(from: nil, to: mark, tenants)
        state.withLock { $0.isReset = false }
    }

    /// What deletes all graphs that are there.
    private func leftovers() async throws -> [RedisCommand] {
        guard case .array(let names)? = try await client.send([RedisCommand("graph.list")]).first else { return [] }
        let prefix = "\(client.prefix):graph:"
        return names.compactMap(\.text).filter { $0.hasPrefix(prefix) }.map { RedisCommand("graph.delete", $0) }
    }

    func apply(_ changes: [Change], upTo position: LogPosition) async throws {
        let (old, known) = state.withLock { ($0.mark, $0.tenants) }
        guard let old else { throw Failure.graphEngineBehind }
        let new = try await log.database.read { try LogMark(position, in: $0) }
        var changed: Set<Tenant> = []
        for (tenant, changes) in Dictionary(grouping: changes, by: \.tenant) {
            let updates = GraphUpdate.last(of: try changes.compactMap(GraphUpdate.init))
            guard !updates.isEmpty else { continue }
            changed.insert(tenant)
            if known[tenant] == nil { try await make(tenant) }
            let embeddings = try await source.embeddings(of: updates, tenant)
            var changes = FalkorDBChanges()
            for update in updates {
                switch update.outcome {
                case .gone: changes.remove(update.kind, update.id)
                case .there(let fields):
                    let embedding = embeddings[update.kind]?[update.id] ?? []
                    try changes.set(update.kind, fields, embedding: update.hasNewEmbedding ? embedding : nil)
                }
            }
            try await write(changes, tenant)
        }
        try await move(from: old, to: new, changed)
    }

    /// Makes the graph of a tenant, with nothing in it but indexes.
    private func make(_ tenant: Tenant) async throws {
        let graph = client.graph(of: tenant)
        let creating = FalkorDBIndexes.creating(dimensions: dimensions)
        // Whoever began with it has not ended.
        let leftover = try await client.send([RedisCommand("exists", graph)]) == [.integer(1)]
        let commands = [register.noting(tenant)] + (leftover ? [RedisCommand("graph.delete", graph)] : [])
        try await client.send(commands + creating.map { $0.writing(graph) })
        // They are made in the background, and there is nothing that they are made of yet.
        while try await !isIndexed(graph) { try Task.checkCancellation() }
    }

    private func isIndexed(_ graph: String) async throws -> Bool {
        let reply = try await client.send([FalkorDBIndexes.states.writing(graph)])
        return try CypherReply(reply[0]).rows.allSatisfy { $0 == [.text("OPERATIONAL")] }
    }

    private func write(_ changes: FalkorDBChanges, _ tenant: Tenant) async throws {
        let graph = client.graph(of: tenant)
        try await client.metrics.measure(.write) {
            _ = try await client.send(changes.queries.map { $0.writing(graph) })
        }
    }

    /// Notes how far the graphs are.
    private func move(from old: LogMark?, to new: LogMark, _ tenants: Set<Tenant>) async throws {
        let command = register.moving(from: old, to: new, form: form, tenants: Array(tenants))
        guard try await client.send([command]) == [.integer(1)] else { throw Failure.graphEngineBehind }
        state.withLock { state in
            state.mark = new
            for tenant in tenants {
                state.tenants[tenant] = new.position
                state.changeCounts[tenant, default: 0] += 1
            }
        }
    }
}
