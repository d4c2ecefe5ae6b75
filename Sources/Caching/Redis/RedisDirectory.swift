import Core
import NIOCore
import Synchronization

/// Knows which server is asked for which key, and asks Sentinels or the nodes of a cluster again when that seems to
/// have changed.
final class RedisDirectory: Sendable {
    private struct State {
        var routing: RedisRouting
        var inquiry: Task<Void, Never>?
        var isClosed = false
    }

    private let url: RedisURL
    private let group: any EventLoopGroup
    private let metrics: RedisMetrics
    private let state: Mutex<State>

    init(_ url: RedisURL, _ group: any EventLoopGroup, _ metrics: RedisMetrics) {
        self.url = url
        self.group = group
        self.metrics = metrics
        state = Mutex(State(routing: RedisRouting(url.topology)))
        refresh()
    }

    /// The server that has a key, or nil while nobody knows it.
    func address(of key: String) -> RedisAddress? { state.withLock { $0.routing.address(of: key) } }

    /// A node has said who has a slot, so others may have moved too.
    func moved(_ slot: Int, to address: RedisAddress) {
        state.withLock { $0.routing.moved(slot, to: address) }
        refresh()
    }

    /// Begins to ask again, unless that was just done.
    func refresh() {
        state.withLock { state in
            guard !state.isClosed, let inquiry = state.routing.beginInquiry(at: .now()) else { return }
            state.inquiry = Task { [self] in await run(inquiry) }
        }
    }

    /// Asks nobody any more.
    func close() async {
        let inquiry = state.withLock { state in
            state.isClosed = true
            return state.inquiry
        }
        inquiry?.cancel()
        await inquiry?.value
    }

    /// Asks one after the other until one has answered.
    private func run(_ inquiry: RedisRouting.Inquiry) async {
        for source in inquiry.sources where !Task.isCancelled {
            do {
                let reply = try await ask(source, inquiry)
                try state.withLock { try $0.routing.learn(reply, from: source) }
                break
            } catch {
                metrics.count(error)
            }
        }
        state.withLock { $0.routing.endInquiry(at: .now()) }
    }

    private func ask(_ source: RedisAddress, _ inquiry: RedisRouting.Inquiry) async throws -> RESPValue {
        let login = inquiry.isCluster ? url.login : nil
        let loop = group.next()
        return try await loop.flatSubmit {
            let connection = RedisConnection(to: source, login: login, database: 0, on: loop) { _ in }
            let reply = connection.send(inquiry.command, deadline: .now() + RedisConnection.patience)
            reply.assumeIsolated().whenComplete { _ in connection.close(.redisClosed) }
            return reply
        }.get()
    }
}
