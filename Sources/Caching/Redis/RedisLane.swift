import Core
import DequeModule
import NIOCore
import Synchronization

/// One connection of a ``RedisPool``, and who waits for a place on it.
final class RedisLane: Sendable {
    private let loop: any EventLoop
    private let state: NIOLoopBoundBox<State>
    /// How many commands it has been given that have not been answered.
    private let given = Atomic<Int>(0)

    /// - parameter depth: how many commands it may have sent that are not answered.
    init(_ url: RedisURL, _ options: RedisConnection.Options, depth: Int, on loop: any EventLoop) {
        self.loop = loop
        state = NIOLoopBoundBox.makeBoxSendingValue(
            State(RedisConnections(url, options, on: loop), depth: depth, loop), eventLoop: loop)
    }

    /// How much it has to do.
    var load: Int { given.load(ordering: .relaxed) }

    /// Sends commands one after the other, without waiting for the answer to one before the next where that may be.
    func send(
        _ commands: [RedisCommand], to address: RedisAddress, deadline: NIODeadline
    ) -> EventLoopFuture<[RESPValue]> {
        given.wrappingAdd(commands.count, ordering: .relaxed)
        let replies = loop.flatSubmit { [self] in
            EventLoopFuture.whenAllSucceed(
                commands.map { state.value.send($0, to: address, deadline: deadline) }, on: loop)
        }
        replies.whenComplete { [self] _ in given.wrappingSubtract(commands.count, ordering: .relaxed) }
        return replies
    }

    /// Closes the connection. Whoever waits is told so.
    func close() async {
        // It fails only when the event loop has ended, and the connection with it.
        try? await loop.submit { [self] in state.value.close() }.get()
    }
}

extension RedisLane {
    /// What lives on the event loop.
    private final class State {
        private struct Waiting {
            let command: RedisCommand
            let address: RedisAddress
            let deadline: NIODeadline
            let promise: EventLoopPromise<RESPValue>
        }

        private let connections: RedisConnections
        private let depth: Int
        private let loop: any EventLoop
        private var sent = 0
        /// Those without a place, by their numbers, in their order.
        private var waiting: Deque<(number: Int, command: Waiting)> = []
        private var nextNumber = 0
        /// How many commands may wait for a place.
        private static let waitingLimit = 8_192

        init(_ connections: RedisConnections, depth: Int, _ loop: any EventLoop) {
            self.connections = connections
            self.depth = depth
            self.loop = loop
        }

        func send(
            _ command: RedisCommand, to address: RedisAddress, deadline: NIODeadline
        ) -> EventLoopFuture<RESPValue> {
            let promise = loop.makePromise(of: RESPValue.self)
            let next = Waiting(command: command, address: address, deadline: deadline, promise: promise)
            if sent < depth {
                start(next)
            } else if waiting.count < Self.waitingLimit {
                wait(next)
            } else {
                promise.fail(Failure.redisOverloaded(address.description))
            }
            return promise.futureResult
        }

        /// Lets a command wait for a place until its time is over.
        private func wait(_ next: Waiting) {
            let number = nextNumber
            nextNumber += 1
            waiting.append((number, next))
            let timer = loop.assumeIsolated().scheduleTask(deadline: next.deadline) {
                guard let place = self.waiting.firstIndex(where: { $0.number == number }) else { return }
                self.waiting.remove(at: place)
                next.promise.fail(Failure.redisTimeout(next.address.description))
            }
            next.promise.futureResult.whenComplete { _ in timer.cancel() }
        }

        func close() {
            connections.close()
            for (_, next) in waiting { next.promise.fail(Failure.redisClosed) }
            waiting.removeAll()
        }

        private func start(_ next: Waiting) {
            guard next.deadline > .now() else {
                return next.promise.fail(Failure.redisTimeout(next.address.description))
            }
            do {
                let connection = try connections.connection(to: next.address)
                sent += 1
                let reply = connection.send(next.command, deadline: next.deadline)
                reply.cascade(to: next.promise)
                reply.assumeIsolated().whenComplete { _ in self.finished() }
            } catch {
                next.promise.fail(error)
            }
        }

        private func finished() {
            sent -= 1
            while sent < depth, let (_, next) = waiting.popFirst() { start(next) }
        }
    }
}
