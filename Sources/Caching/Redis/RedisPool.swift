import Core
import NIOCore
import NIOPosix
import Synchronization
public import Telemetry

/// Several connections to one server, for commands that take their time there. A command goes out on the connection
/// that has the least to do, behind the others that it has.
///
/// A call takes as long as it is given and no longer. A server that fails several times in a row is left alone for a
/// while, and then a call fails at once.
public final class RedisPool: Sendable {
    /// How many connections there are, and what goes over them.
    public struct Options: Sendable {
        /// How many connections there are. They are made when they are first needed.
        public var connections: Int
        /// How many commands a connection may have sent that are not answered: one is no pipelining.
        public var depth: Int
        /// How long the server may be silent before a connection is taken for lost.
        public var silence: Duration
        /// How many elements all arrays of a reply have together at most.
        public var replyElements: Int

        /// Options by their values.
        public init(connections: Int, depth: Int, silence: Duration, replyElements: Int) {
            self.connections = max(1, connections)
            self.depth = max(1, depth)
            self.silence = silence
            self.replyElements = replyElements
        }
    }

    /// The server.
    public let address: RedisAddress
    private let lanes: [RedisLane]
    private let circuits: RedisCircuits
    private let turn = Atomic<Int>(0)

    /// A pool of connections to a server.
    ///
    /// - parameter url: of one server; nil is returned where it names several.
    public init?(_ url: RedisURL, _ options: Options, metrics: MetricsRegistry) {
        guard let address = url.server else { return nil }
        self.address = address
        circuits = RedisCircuits(RedisMetrics(metrics))
        var replies = RESPParser.Limits()
        replies.elements = options.replyElements
        let connection = RedisConnection.Options(silence: TimeAmount(options.silence), replies: replies)
        let group = MultiThreadedEventLoopGroup.singleton
        lanes = (0..<options.connections).map { _ in
            RedisLane(url, connection, depth: options.depth, on: group.next())
        }
    }

    /// Sends commands one after the other on the same connection.
    ///
    /// - returns: the answers, of which some may be errors.
    /// - throws: ``Failure`` `redis_…`.
    public func send(_ commands: [RedisCommand], within time: Duration) async throws -> [RESPValue] {
        try await replies(to: commands, within: time).get()
    }

    /// Sends commands one after the other on the same connection while the calling thread waits.
    ///
    /// - returns: the answers, of which some may be errors.
    /// - throws: ``Failure`` `redis_…`.
    public func sendWaiting(_ commands: [RedisCommand], within time: Duration) throws -> [RESPValue] {
        try replies(to: commands, within: time).wait()
    }

    /// Closes all connections. Whoever waits is told so.
    public func close() async {
        for lane in lanes { await lane.close() }
    }

    private func replies(to commands: [RedisCommand], within time: Duration) throws -> EventLoopFuture<[RESPValue]> {
        guard circuits.permits(address) else { throw Failure.redisCircuitOpen(address.description) }
        let replies = leastLoaded.send(commands, to: address, deadline: .now() + TimeAmount(time))
        replies.whenComplete { [circuits, address] result in
            switch result {
            case .success: circuits.succeeded(address)
            case .failure: circuits.failed(address)
            }
        }
        return replies
    }

    /// Of those that have equally little to do another one each time.
    private var leastLoaded: RedisLane {
        let first = turn.wrappingAdd(1, ordering: .relaxed).oldValue % lanes.count
        var best = lanes[abs(first)]
        for offset in 1..<max(lanes.count, 1) where best.load > 0 {
            let lane = lanes[(abs(first) + offset) % lanes.count]
            if lane.load < best.load { best = lane }
        }
        return best
    }
}
