import Core
import Logging
import Search
import ServiceLifecycle
import Storage
import Synchronization

/// What follows from graphs in FalkorDB as a whole: how central their nodes are, and which belong together.
///
/// What this means is ours (``GraphAnalysis``): FalkorDB's own PageRank follows edges one way only and takes several
/// between two nodes for one. So the nodes and edges are read from it, once somebody has asked and the graph has
/// changed, and what follows from them is kept here. It is of a moment before.
final class FalkorDBAnalysis: Service {
    private struct Known {
        /// The nodes with what was found out; nil before anything was.
        var graph: GraphSnapshot?
        /// How often the graph had been changed when it was found out.
        var changeCount = -1
        /// It is not found out again before.
        var restsUntil = ContinuousClock.now
        var isWanted = false
    }

    /// A graph of which it is wanted.
    private struct Wish {
        let tenant: Tenant
        let graphs: FalkorDBGraphs
    }

    /// How many times as long as finding it out took it is waited before it is done again.
    private static let rest = 8.0
    /// How many graphs may wait.
    private static let wishLimit = 1_024

    private let state = Mutex<[Tenant: Known]>([:])
    /// One graph at a time is read as a whole.
    private let reading = Mutex<Void>(())
    private let wishes: AsyncStream<Wish>
    private let wish: AsyncStream<Wish>.Continuation
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.wishLimit))
    }

    /// The nodes of a tenant with what is known of them, as far as anything is. It is found out anew in the background
    /// if the graph has changed.
    func known(of tenant: Tenant, in graphs: FalkorDBGraphs) -> GraphSnapshot? {
        let count = graphs.changeCount(of: tenant)
        let (graph, isDue) = state.withLock { state in
            let known = state[tenant] ?? Known()
            let isDue = known.changeCount != count && !known.isWanted && ContinuousClock.now >= known.restsUntil
            if isDue { state[tenant, default: Known()].isWanted = true }
            return (known.graph, isDue)
        }
        if isDue, case .dropped = wish.yield(Wish(tenant: tenant, graphs: graphs)) {
            state.withLock { $0[tenant]?.isWanted = false }
        }
        return graph
    }

    /// The same, which is waited for where nothing is known yet.
    func found(of tenant: Tenant, in graphs: FalkorDBGraphs) throws -> GraphSnapshot? {
        if let known = known(of: tenant, in: graphs) { return known }
        return try findOut(Wish(tenant: tenant, graphs: graphs)) { $0 == nil }
    }

    /// Whether what is known is of the graph as it is.
    func isCurrent(of tenant: Tenant, in graphs: FalkorDBGraphs) -> Bool {
        let count = graphs.changeCount(of: tenant)
        return state.withLock { $0[tenant]?.changeCount == count }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            for await wish in wishes {
                // It waits for FalkorDB, and whatever else is done in the background should not.
                await withTaskExecutorPreference(wish.graphs.threads) { keep(wish) }
            }
        }
    }

    private func keep(_ wish: Wish) {
        let count = wish.graphs.changeCount(of: wish.tenant)
        do {
            _ = try findOut(wish) { _ in state.withLock { $0[wish.tenant]?.changeCount != count } }
        } catch {
            logger.warning(
                "what follows from a graph as a whole was not found out", metadata: ["error": "\(error)"])
        }
        state.withLock { $0[wish.tenant]?.isWanted = false }
    }

    /// Reads the graph as a whole, unless somebody else has done so in the meantime.
    ///
    /// - parameter isWanted: is asked with what is known by then.
    /// - returns: what is known afterwards.
    private func findOut(_ wish: Wish, if isWanted: (GraphSnapshot?) -> Bool) throws -> GraphSnapshot? {
        try reading.withLock { _ in
            let known = state.withLock { $0[wish.tenant]?.graph }
            guard isWanted(known) else { return known }
            let start = ContinuousClock.now
            let count = wish.graphs.changeCount(of: wish.tenant)
            defer {
                let took = ContinuousClock.now - start
                state.withLock { $0[wish.tenant, default: Known()].restsUntil = start + took * (1 + Self.rest) }
            }
            let found = try Self.read(wish)
            state.withLock { state in
                state[wish.tenant, default: Known()].graph = found
                state[wish.tenant]?.changeCount = count
            }
            return found
        }
    }

    private static func read(_ wish: Wish) throws -> GraphSnapshot {
        var graph = GraphSnapshot(dimensions: 1)
        guard let reader = wish.graphs.reader(of: wish.tenant) else { return graph }
        let replies = try reader.ask(FalkorDBQueries.allNodes, FalkorDBQueries.allEdges)
        let nodes = replies[0].rows.first ?? []
        for (node, group) in zip(nodes.keys(0), nodes.keys(1)) {
            graph.nodes.set(IndexedFields.values(ofGroup: group), at: graph.nodes.assign(node))
        }
        graph.set(FalkorDBWalk.Link.all(replies[1].rows.first ?? [], .outgoing))
        graph.analysis = GraphAnalysis(graph)
        // Nothing else is asked of it.
        (graph.adjacency, graph.edges) = (Adjacency(), GraphSnapshot(dimensions: 1).edges)
        return graph
    }
}

extension IndexedFields {
    /// Of a node of which no more than that is known.
    fileprivate static func values(ofGroup group: String) -> JSONObject {
        JSONObject([.init("group_id", .string(group))])
    }
}

extension GraphSnapshot {
    /// How central a node is: from 0 to 1.
    private func rank(of node: String) -> Float { nodes.slot(of: node).map(analysis.rank) ?? 0 }

    /// Takes over how central nodes are from a graph in which that is known; nil where it is of none yet.
    mutating func takeRanks(from known: GraphSnapshot?) {
        analysis = GraphAnalysis(ranks: ranks(in: known))
    }

    /// Takes over the same, and which nodes belong together, as far as they are here.
    mutating func takeAnalysis(from known: GraphSnapshot?) {
        var members: [UInt32: [UInt32]] = [:]
        if let known {
            for community in known.analysis.members.values {
                let there = community.compactMap { nodes.slot(of: known.nodes.id($0)) }
                if let first = there.first { members[first] = there }
            }
        }
        analysis = GraphAnalysis(ranks: ranks(in: known), members: members)
    }

    private func ranks(in known: GraphSnapshot?) -> [Float] {
        (0..<nodes.limit).map { known?.rank(of: nodes.id($0)) ?? 0 }
    }
}
