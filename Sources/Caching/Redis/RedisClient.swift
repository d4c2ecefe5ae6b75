public import Core
public import NIOCore
import NIOPosix
public import Telemetry

/// Asks Redis: one server, the primary that Sentinels name, or a cluster.
///
/// Each event loop has one connection to each server, on which the commands of all its callers follow one another
/// without waiting. A call takes as long as `cache.redis_timeout` says and no longer, whatever happens. A server that
/// fails several times in a row is left alone for a while, and then a call fails at once.
public final class RedisClient: Sendable {
    private let directory: RedisDirectory
    private let circuits: RedisCircuits
    private let connections: [ObjectIdentifier: NIOLoopBoundBox<RedisConnections>]
    private let group: any EventLoopGroup
    private let timeout: TimeAmount
    private let metrics: RedisMetrics

    /// How many servers a command is sent to before it is given up.
    private static let hopLimit = 4

    /// A client, which connects when it is first used.
    ///
    /// - parameters:
    ///   - settings: ``CachingSettings``.
    ///   - group: each of its event loops gets connections of its own.
    public init(
        _ url: RedisURL, settings: SettingsValues = .defaults, group: any EventLoopGroup, metrics: MetricsRegistry
    ) {
        self.group = group
        self.metrics = RedisMetrics(metrics)
        timeout = .milliseconds(Int64(settings[CachingSettings.redisTimeout]))
        circuits = RedisCircuits(self.metrics)
        directory = RedisDirectory(url, group, self.metrics)
        var connections: [ObjectIdentifier: NIOLoopBoundBox<RedisConnections>] = [:]
        for loop in group.makeIterator() {
            connections[ObjectIdentifier(loop)] = NIOLoopBoundBox.makeBoxSendingValue(
                RedisConnections(url, on: loop), eventLoop: loop)
        }
        self.connections = connections
    }

    /// The client of `cache.redis` on the event loops that the process shares, or nil when that is empty.
    public convenience init?(settings: SettingsValues, metrics: MetricsRegistry) {
        self.init(settings: settings, group: MultiThreadedEventLoopGroup.singleton, metrics: metrics)
    }

    /// The client of `cache.redis`, or nil when that is empty.
    public convenience init?(settings: SettingsValues, group: any EventLoopGroup, metrics: MetricsRegistry) {
        guard let url = settings[CachingSettings.redis].value else { return nil }
        self.init(url, settings: settings, group: group, metrics: metrics)
    }

    /// The value of a key, or nil when there is none.
    ///
    /// - throws: ``Failure`` `redis_…`.
    public func get(_ key: String) async throws -> ByteBuffer? {
        switch try await execute(RedisCommand("get", key), key: key) {
        case .bulkString(let bytes): return bytes
        case .null: return nil
        case let reply: throw counted(Self.unexpected(reply))
        }
    }

    /// Keeps a value for a while.
    ///
    /// - parameter expiresAfter: to the millisecond, at least one.
    /// - throws: ``Failure`` `redis_…`.
    public func set(_ key: String, _ value: ByteBuffer, expiresAfter duration: Duration) async throws {
        let (seconds, attoseconds) = duration.components
        let milliseconds = max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
        let reply = try await execute(.set(key, value, milliseconds: milliseconds), key: key)
        guard case .simpleString = reply else { throw counted(Self.unexpected(reply)) }
    }

    /// Takes a key out; its memory is given back in the background. Returns whether it was there.
    ///
    /// - throws: ``Failure`` `redis_…`.
    @discardableResult public func unlink(_ key: String) async throws -> Bool {
        let reply = try await execute(RedisCommand("unlink", key), key: key)
        guard case .integer(let count) = reply else { throw counted(Self.unexpected(reply)) }
        return count > 0
    }

    /// Closes all connections. Whoever waits is told so.
    public func close() async {
        await directory.close()
        for loop in group.makeIterator() {
            // It fails only when the event loop has ended, and its connections with it.
            try? await loop.submit { [connections] in connections[ObjectIdentifier(loop)]?.value.close() }.get()
        }
    }

    // MARK: How it works

    /// Where a command goes next.
    private struct Hop {
        var address: RedisAddress
        var isAsking = false
    }

    func execute(_ command: RedisCommand, key: String) async throws -> RESPValue {
        let start = NIODeadline.now()
        defer { metrics.observe(command, since: start) }
        do {
            guard let address = directory.address(of: key) else {
                throw Failure.redisUnavailable("cache.redis", "nobody has said yet which server has the keys")
            }
            return try await follow(command, Hop(address: address), deadline: start + timeout)
        } catch {
            // A server that is gone may have handed its keys to another.
            directory.refresh()
            throw counted(error)
        }
    }

    /// Sends a command where it belongs, going on to where the answers point.
    private func follow(_ command: RedisCommand, _ first: Hop, deadline: NIODeadline) async throws -> RESPValue {
        var hop = first
        for _ in 0..<Self.hopLimit {
            let reply = try await send(command, hop, deadline: deadline)
            guard case .error(let text) = reply else { return reply }
            switch RedisRedirection(text, from: hop.address) {
            case .moved(let slot, let address):
                directory.moved(slot, to: address)
                hop = Hop(address: address)
            case .ask(let address):
                hop = Hop(address: address, isAsking: true)
            case .elsewhere, nil:
                throw Failure.redisRefused(text)
            }
        }
        throw Failure.redisRefused("the servers sent a command round in circles")
    }

    private func send(_ command: RedisCommand, _ hop: Hop, deadline: NIODeadline) async throws -> RESPValue {
        guard circuits.permits(hop.address) else { throw Failure.redisCircuitOpen(hop.address.description) }
        do {
            let reply = try await reply(to: command, hop, deadline: deadline)
            circuits.succeeded(hop.address)
            return reply
        } catch {
            circuits.failed(hop.address)
            throw error
        }
    }

    private func reply(to command: RedisCommand, _ hop: Hop, deadline: NIODeadline) async throws -> RESPValue {
        let loop = group.any()
        guard let connections = connections[ObjectIdentifier(loop)] else { throw Failure.redisClosed }
        return try await loop.flatSubmit {
            do {
                let connection = try connections.value.connection(to: hop.address)
                // Its reply only says that it was heard.
                if hop.isAsking { _ = connection.send(RedisCommand("asking"), deadline: deadline) }
                return connection.send(command, deadline: deadline)
            } catch {
                return loop.makeFailedFuture(error)
            }
        }.get()
    }

    func counted(_ error: any Error) -> any Error {
        metrics.count(error)
        return error
    }

    static func unexpected(_ reply: RESPValue) -> Failure {
        .redisProtocol("it answers a command with \(String("\(reply)".prefix(100)))")
    }
}
