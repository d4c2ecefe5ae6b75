import Core
import Logging
import Search
import ServiceLifecycle
import Storage
import Synchronization

/// How central the nodes of graphs in FalkorDB are.
///
/// What this means is ours (``GraphAnalysis``): FalkorDB's own PageRank follows edges one way only and takes several
/// between two nodes for one. So the edges are read from it, once somebody has asked and the graph has changed, and the
/// ranks are kept here. They are of a moment before.
final class FalkorDBCentrality: Service {
    private struct Ranks {
        var ranks: [ExactText: Float] = [:]
        /// How often the graph had been changed when they were found out.
        var changeCount = -1
        /// They are not found out again before.
        var restsUntil = ContinuousClock.now
        var isWanted = false
    }

    /// A graph of which the ranks are wanted.
    private struct Wish {
        let tenant: Tenant
        let graphs: FalkorDBGraphs
    }

    /// How many times as long as finding them out took it is waited before it is done again.
    private static let rest = 8.0
    /// How many graphs may wait.
    private static let wishLimit = 1_024

    private let state = Mutex<[Tenant: Ranks]>([:])
    private let wishes: AsyncStream<Wish>
    private let wish: AsyncStream<Wish>.Continuation
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.wishLimit))
    }

    /// The ranks of the nodes of a tenant by their ids, as far as they are known.
    func ranks(of tenant: Tenant, in graphs: FalkorDBGraphs) -> [ExactText: Float] {
        let count = graphs.changeCount(of: tenant)
        let (ranks, isDue) = state.withLock { state in
            let known = state[tenant] ?? Ranks()
            let isDue = known.changeCount != count && !known.isWanted && ContinuousClock.now >= known.restsUntil
            if isDue { state[tenant, default: Ranks()].isWanted = true }
            return (known.ranks, isDue)
        }
        if isDue, case .dropped = wish.yield(Wish(tenant: tenant, graphs: graphs)) {
            state.withLock { $0[tenant]?.isWanted = false }
        }
        return ranks
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            for await wish in wishes {
                // It waits for FalkorDB, and whatever else is done in the background should not.
                await withTaskExecutorPreference(wish.graphs.threads) { findOut(wish) }
            }
        }
    }

    private func findOut(_ wish: Wish) {
        let start = ContinuousClock.now
        let count = wish.graphs.changeCount(of: wish.tenant)
        var found: [ExactText: Float]?
        do { found = try Self.ranks(wish) } catch {
            logger.warning("how central nodes are was not found out", metadata: ["error": "\(error)"])
        }
        let took = ContinuousClock.now - start
        state.withLock { [found] state in
            state[wish.tenant]?.isWanted = false
            state[wish.tenant]?.restsUntil = start + took * (1 + Self.rest)
            guard let found else { return }
            state[wish.tenant]?.ranks = found
            state[wish.tenant]?.changeCount = count
        }
    }

    private static func ranks(_ wish: Wish) throws -> [ExactText: Float] {
        guard let reader = wish.graphs.reader(of: wish.tenant) else { return [:] }
        let replies = try reader.ask(FalkorDBQueries.allNodes, FalkorDBQueries.allEdges)
        var graph = GraphSnapshot(dimensions: 1)
        for node in replies[0].rows.first?.keys(0) ?? [] { graph.setThere(node) }
        graph.set(FalkorDBWalk.Link.all(replies[1].rows.first ?? [], .outgoing))
        let ranks = GraphAnalysis.ranks(graph)
        return Dictionary(
            uniqueKeysWithValues: graph.nodes.all.map { (ExactText(graph.nodes.id($0)), ranks[Int($0)]) })
    }
}
