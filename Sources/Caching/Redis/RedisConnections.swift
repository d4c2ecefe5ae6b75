import Core
import NIOCore

/// The connections of one event loop: one to each server that is asked, made when it is first asked and again, after a
/// while, when it was lost. It lives on its event loop.
final class RedisConnections {
    private struct Node {
        var connection: RedisConnection?
        var backoff = Backoff()
        /// No connection is attempted before.
        var retryAt: NIODeadline?
    }

    private let url: RedisURL
    private let options: RedisConnection.Options
    private let loop: any EventLoop
    private var nodes: [RedisAddress: Node] = [:]
    private var isClosed = false
    private var random = SystemRandomNumberGenerator()

    init(_ url: RedisURL, _ options: RedisConnection.Options = .init(), on loop: any EventLoop) {
        self.url = url
        self.options = options
        self.loop = loop
    }

    /// The connection to a server, which may be just being made.
    ///
    /// - throws: ``Failure`` `redis_unavailable` when it was lost too short a while ago.
    func connection(to address: RedisAddress) throws(Failure) -> RedisConnection {
        guard !isClosed else { throw .redisClosed }
        var node = nodes[address] ?? Node()
        if let connection = node.connection, connection.failure == nil { return connection }
        if let retryAt = node.retryAt, NIODeadline.now() < retryAt {
            throw .redisUnavailable(address.description, "the connection was lost a moment ago")
        }
        guard node.connection != nil || nodes.count < ClusterSlots.nodeLimit else {
            throw .redisOverloaded(address.description)
        }
        let connection = RedisConnection(to: address, login: url.login, database: database, options, on: loop) {
            [weak self] wasOpen in self?.closed(address, wasOpen: wasOpen)
        }
        node.connection = connection
        nodes[address] = node
        return connection
    }

    /// Closes all, for good.
    func close() {
        isClosed = true
        for node in nodes.values { node.connection?.close(.redisClosed) }
        nodes.removeAll()
    }

    private var database: Int {
        if case .standalone(_, let database) = url.topology { database } else { 0 }
    }

    /// One that was open and is lost is made again at once, for the first time.
    private func closed(_ address: RedisAddress, wasOpen: Bool) {
        guard !isClosed else { return }
        nodes[address]?.connection = nil
        if wasOpen { nodes[address]?.backoff.reset() }
        guard let pause = nodes[address]?.backoff.next(using: &random) else { return }
        nodes[address]?.retryAt = .now() + TimeAmount(pause)
    }
}
