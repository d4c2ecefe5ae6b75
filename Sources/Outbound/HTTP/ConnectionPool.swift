import DequeModule
import NIOCore

/// Who gets which connection of one destination: the one that was used last, a new one, or the next that is free.
struct ConnectionPool<Connection, Waiter> {
    private struct Idle {
        let connection: Connection
        let since: NIODeadline
    }

    /// What is to be done for somebody who needs a connection.
    enum Admission {
        case use(Connection)
        case open
        /// One will be free.
        case wait(ticket: Int)
        case refuse
    }

    /// How many connections there may be.
    let limit: Int
    /// How many may wait for one.
    let waiterLimit: Int
    /// Open ones and those that are being made.
    private(set) var count = 0
    private var idle: [Idle] = []
    private var waiters: Deque<(ticket: Int, waiter: Waiter)> = []
    private var nextTicket = 0

    init(limit: Int, waiterLimit: Int) {
        self.limit = limit
        self.waiterLimit = waiterLimit
    }

    /// Whether there is nothing in it.
    var isEmpty: Bool { count == 0 && waiters.isEmpty }

    /// Somebody needs a connection.
    mutating func admit(_ waiter: @autoclosure () -> Waiter) -> Admission {
        if let last = idle.popLast() { return .use(last.connection) }
        if count < limit {
            count += 1
            return .open
        }
        guard waiters.count < waiterLimit else { return .refuse }
        nextTicket += 1
        waiters.append((nextTicket, waiter()))
        return .wait(ticket: nextTicket)
    }

    /// A connection is free again. Returns who is to use it next; nobody keeps it for later.
    mutating func release(_ connection: Connection, at now: NIODeadline) -> Waiter? {
        if let next = waiters.popFirst() { return next.waiter }
        idle.append(Idle(connection: connection, since: now))
        return nil
    }

    /// A connection that was in use, or being made, is no more. Returns for whom another one is to be made.
    mutating func lose() -> Waiter? {
        guard let next = waiters.popFirst() else {
            count -= 1
            return nil
        }
        return next.waiter
    }

    /// A connection that nobody uses is no more.
    mutating func loseIdle(where isIt: (Connection) -> Bool) {
        guard let index = idle.lastIndex(where: { isIt($0.connection) }) else { return }
        idle.remove(at: index)
        count -= 1
    }

    /// Whoever waits gives up.
    mutating func leave(ticket: Int) {
        waiters.removeAll { $0.ticket == ticket }
    }

    /// Takes out the connections that nobody has used since a moment.
    mutating func takeIdle(since moment: NIODeadline) -> [Connection] {
        let expired = idle.prefix { $0.since <= moment }
        idle.removeFirst(expired.count)
        count -= expired.count
        return expired.map(\.connection)
    }

    /// Takes out everybody who waits.
    mutating func takeWaiters() -> [Waiter] {
        defer { waiters.removeAll() }
        return waiters.map(\.waiter)
    }
}
