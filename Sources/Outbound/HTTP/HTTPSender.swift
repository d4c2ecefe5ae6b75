public import Core
public import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
public import Telemetry

/// Sends requests to the outside world over HTTP/1.1 with connections that are kept.
///
/// A request is sent once: no redirection is followed and nothing is repeated. Where it may go is decided by a
/// ``NetworkGuard`` whenever a connection is made.
public final class HTTPSender: Sendable {
    private struct Pool: Sendable {
        let loop: any EventLoop
        let box: NIOLoopBoundBox<HTTPDestinationPool>
        /// How many requests it has, or will have.
        var users = 0
    }

    private struct State {
        var pools: [HTTPURL.Destination: Pool] = [:]
        var isClosed = false
    }

    /// How many destinations may be sent to at a time.
    public static let destinationLimit = 4_096

    private let options: HTTPDestinationPool.Options
    private let metrics: OutboundMetrics
    private let group: any EventLoopGroup
    private let state = Mutex(State())

    /// A sender, which connects when it is first used.
    ///
    /// - parameters:
    ///   - settings: ``OutboundSettings``.
    ///   - networks: the networks beside the public ones that may be sent to; nil is what the settings say.
    ///   - group: the event loops of its connections, one for each destination; nil takes those of the process.
    ///   - resolver: looks up names.
    /// - throws: ``Failure`` `tls_settings_invalid` when the file of authorities cannot be read.
    public init(
        settings: SettingsValues = .defaults, metrics: MetricsRegistry, networks: NetworkRanges? = nil,
        group: (any EventLoopGroup)? = nil,
        resolver: any NameResolver = SystemNameResolver.shared, time: any TimeSource = SystemTime()
    ) throws(Failure) {
        self.group = group ?? MultiThreadedEventLoopGroup.singleton
        self.metrics = OutboundMetrics(metrics)
        let connector = HTTPConnector(
            networkGuard: NetworkGuard(
                allowed: networks ?? settings[OutboundSettings.allowedNetworks], resolver: resolver),
            tls: try .outbound(settings),
            timeout: .milliseconds(Int64(settings[OutboundSettings.connectTimeout])), time: time)
        options = HTTPDestinationPool.Options(
            connector: connector, connectionLimit: settings[OutboundSettings.connectionsPerDestination],
            idleTimeout: .milliseconds(Int64(settings[OutboundSettings.idleTimeout])),
            connections: self.metrics.connections("http"))
    }

    /// Sends a request and returns what was answered, whatever the status is.
    ///
    /// - throws: ``Failure``: `address_refused` and `name_unresolved` before anything was sent, `connect_failed`,
    ///   `tls_failed`, `timeout`, `connection_lost`, `response_too_large`, `overloaded` when too much waits,
    ///   `cancelled` with the task, and `stopping` after ``close()``.
    public func send(_ request: HTTPRequest) async throws(Failure) -> HTTPAnswer {
        let startedAt = NIODeadline.now()
        let result: Result<HTTPAnswer, Failure>
        do throws(Failure) {
            let pool = try use(request.url.destination)
            defer { leave(request.url.destination) }
            result = await HTTPExchange.run(request, startedAt: startedAt, timeout: request.timeout, on: pool.loop) {
                pool.box.value.run($0)
            }
        } catch {
            result = .failure(error)
        }
        metrics.observe(result, since: startedAt)
        return try result.get()
    }

    /// Ends what is being sent, and closes all connections. Whoever wants everything to be sent waits for it first.
    public func close() {
        let pools = state.withLock { state in
            state.isClosed = true
            defer { state.pools.removeAll() }
            return Array(state.pools.values)
        }
        for pool in pools { pool.loop.execute { pool.box.value.close() } }
    }

    /// The pool of a destination, which stays its pool until it was left as often as it was used.
    private func use(_ destination: HTTPURL.Destination) throws(Failure) -> Pool {
        try state.withLock { state throws(Failure) -> Pool in
            guard !state.isClosed else { throw .stopping }
            if let pool = state.pools[destination] {
                state.pools[destination]?.users += 1
                return pool
            }
            guard state.pools.count < Self.destinationLimit else {
                throw .overloaded("More than \(Self.destinationLimit) destinations are being sent to")
            }
            let loop = group.next()
            let made = HTTPDestinationPool(destination, options, on: loop) { [weak self] in
                self?.forget(destination) ?? true
            }
            let pool = Pool(loop: loop, box: .makeBoxSendingValue(made, eventLoop: loop), users: 1)
            state.pools[destination] = pool
            return pool
        }
    }

    private func leave(_ destination: HTTPURL.Destination) {
        state.withLock { $0.pools[destination]?.users -= 1 }
    }

    /// Nothing is left of a destination. Returns false when somebody is about to use its pool again: a pool that nobody
    /// knew would not close its connections.
    private func forget(_ destination: HTTPURL.Destination) -> Bool {
        state.withLock { state in
            guard let pool = state.pools[destination] else { return true }
            guard pool.users == 0 else { return false }
            state.pools[destination] = nil
            return true
        }
    }
}
