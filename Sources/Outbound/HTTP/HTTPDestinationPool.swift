import Core
import NIOCore
import Telemetry

/// Sends the requests of one destination over its connections. It lives on its event loop.
final class HTTPDestinationPool {
    /// What all destinations have in common.
    struct Options: Sendable {
        let connector: HTTPConnector
        let connectionLimit: Int
        let idleTimeout: TimeAmount
        let connections: Gauge
    }

    /// How many requests may wait for a connection.
    static let waiterLimit = 4_096
    /// How long a connection is used, so that a destination can move to another address.
    static let longestUse = TimeAmount.minutes(5)

    private let destination: HTTPURL.Destination
    private let options: Options
    private let loop: any EventLoop
    private let mayEnd: @Sendable () -> Bool
    private var pool: ConnectionPool<HTTPClientConnection, HTTPExchange>
    private var opening: [ObjectIdentifier: HTTPExchange] = [:]
    private var open: [ObjectIdentifier: HTTPClientConnection] = [:]
    private var sweep: Scheduled<Void>?
    private var isClosed = false

    /// - parameter mayEnd: is asked when nothing is left, and says whether nobody will use this any more.
    init(
        _ destination: HTTPURL.Destination, _ options: Options, on loop: any EventLoop,
        mayEnd: @escaping @Sendable () -> Bool
    ) {
        self.destination = destination
        self.options = options
        self.loop = loop
        self.mayEnd = mayEnd
        pool = ConnectionPool(limit: options.connectionLimit, waiterLimit: Self.waiterLimit)
    }

    /// Sends the request of an exchange as soon as a connection is free.
    func run(_ exchange: HTTPExchange) {
        guard !isClosed else { return exchange.finish(.failure(.stopping)) }
        armSweep()
        switch pool.admit(exchange) {
        case .use(let connection): connection.start(exchange)
        case .open: connect(for: exchange)
        case .wait(let ticket): exchange.onGiveUp = { [weak self] in self?.pool.leave(ticket: ticket) }
        case .refuse: exchange.finish(.failure(.overloaded("Too many requests wait for \(destination)")))
        }
    }

    /// Ends everything, for good.
    func close() {
        isClosed = true
        sweep?.cancel()
        for exchange in pool.takeWaiters() + Array(opening.values) { exchange.giveUp(.stopping) }
        for connection in open.values { connection.close(.stopping) }
    }

    private func connect(for exchange: HTTPExchange) {
        options.connections.add(1)
        exchange.activity = "connecting to \(destination)"
        let (own, waiting) = (NIOLoopBound(self, eventLoop: loop), NIOLoopBound(exchange, eventLoop: loop))
        opening[ObjectIdentifier(exchange)] = exchange
        let (destination, connector, loop, deadline) = (destination, options.connector, loop, exchange.deadline)
        Task {
            let result: Result<NIOLoopBound<HTTPClientConnection>, Failure>
            do throws(Failure) {
                result = .success(try await connector.connect(to: destination, on: loop, deadline: deadline))
            } catch {
                result = .failure(error)
            }
            loop.execute { own.value.opened(result.map(\.value), for: waiting.value) }
        }
    }

    private func opened(_ result: Result<HTTPClientConnection, Failure>, for exchange: HTTPExchange) {
        opening[ObjectIdentifier(exchange)] = nil
        switch result {
        case .success(let connection):
            open[ObjectIdentifier(connection)] = connection
            connection.onEvent = { [weak self] in self?.handle($1, of: $0) }
            if exchange.isOver { handle(.free, of: connection) } else { connection.start(exchange) }
        case .failure(let failure):
            exchange.finish(.failure(failure))
            replace()
        }
    }

    private func handle(_ event: HTTPClientConnection.Event, of connection: HTTPClientConnection) {
        let now = NIODeadline.now()
        switch event {
        case .free where isClosed || now - connection.openedAt > Self.longestUse:
            connection.close()
            forget(connection)
            replace()
        case .free:
            guard let next = pool.release(connection, at: now) else { return }
            next.endWaiting()
            connection.start(next)
        case .lost:
            forget(connection)
            replace()
        case .lostIdle:
            options.connections.add(-1)
            forget(connection)
            pool.loseIdle { $0 === connection }
        }
    }

    /// A connection is no more; whoever waits gets another one.
    private func replace() {
        options.connections.add(-1)
        guard let next = pool.lose() else { return }
        next.endWaiting()
        connect(for: next)
    }

    private func forget(_ connection: HTTPClientConnection) { open[ObjectIdentifier(connection)] = nil }

    private func armSweep() {
        guard sweep == nil else { return }
        sweep = loop.assumeIsolated().scheduleTask(in: options.idleTimeout) { [weak self] in self?.sweepIdle() }
    }

    private func sweepIdle() {
        sweep = nil
        let expired = pool.takeIdle(since: .now() - options.idleTimeout)
        options.connections.add(-Double(expired.count))
        for connection in expired {
            connection.close()
            forget(connection)
        }
        if !pool.isEmpty || !mayEnd() { armSweep() }
    }
}
