/// Decides who gets which connection: first come, first served, up to a number of connections and of waiters.
///
/// It performs nothing itself. Each method returns what its caller has to do.
struct PoolStateMachine<Connection, Waiter> {
    /// What to do for somebody who asks for a connection.
    enum AcquireAction {
        /// Use this one.
        case use(Connection)
        /// Open a new one and use it.
        case open
        /// Wait; ``release(_:)``, ``discard()`` or ``expire(_:)`` ends it.
        case wait
        /// Too many wait already.
        case refuse
        /// The pool gives out nothing more.
        case closed
    }

    /// What to do with a connection that came back.
    enum ReleaseAction {
        /// Hand it to this waiter.
        case hand(Connection, Waiter)
        /// Nothing: it is kept for the next.
        case keep
        /// Close it: the pool is closing.
        case close(Connection)
    }

    private let limit: Int
    private let waiterLimit: Int
    private var idle: [Connection] = []
    private var open = 0
    private var waiters: [(ticket: Int, waiter: Waiter)] = []
    private var nextTicket = 0
    private var isClosed = false

    /// A pool that opens up to `limit` connections and lets up to `waiterLimit` callers wait.
    init(limit: Int, waiterLimit: Int) {
        self.limit = limit
        self.waiterLimit = waiterLimit
    }

    /// How many connections are in use.
    var active: Int { open - idle.count }
    /// How many connections wait for use.
    var idleCount: Int { idle.count }
    /// How many callers wait for a connection.
    var waiterCount: Int { waiters.count }

    /// Somebody wants a connection.
    mutating func acquire() -> AcquireAction {
        if isClosed { return .closed }
        if let connection = idle.popLast() { return .use(connection) }
        if open < limit {
            open += 1
            return .open
        }
        return waiters.count < waiterLimit ? .wait : .refuse
    }

    /// A ticket for somebody who was told to wait, by which they leave the queue.
    mutating func makeTicket() -> Int {
        nextTicket += 1
        return nextTicket
    }

    /// Puts somebody who was told to wait in the queue.
    mutating func enqueue(_ waiter: Waiter, ticket: Int) {
        waiters.append((ticket, waiter))
    }

    /// A connection comes back.
    mutating func release(_ connection: Connection) -> ReleaseAction {
        if isClosed {
            open -= 1
            return .close(connection)
        }
        guard !waiters.isEmpty else {
            idle.append(connection)
            return .keep
        }
        return .hand(connection, waiters.removeFirst().waiter)
    }

    /// Takes every connection that waits for use out of the pool. Each must come back by ``release(_:)``.
    mutating func takeIdle() -> [Connection] {
        defer { idle = [] }
        return idle
    }

    /// A connection could not be opened, or broke. Returns the waiter who is to open one in its place, if any waits.
    mutating func discard() -> Waiter? {
        guard !waiters.isEmpty else {
            open -= 1
            return nil
        }
        return waiters.removeFirst().waiter
    }

    /// Somebody has waited long enough. Returns the waiter if it still waits.
    mutating func expire(_ ticket: Int) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    /// Takes out those who wait and for whom a condition holds, from the one who has waited longest until it does not.
    mutating func expire(while isLate: (Waiter) -> Bool) -> [Waiter] {
        let late = waiters.prefix { isLate($0.waiter) }.map(\.waiter)
        waiters.removeFirst(late.count)
        return late
    }

    /// Takes connections that wait for use out of the pool for good, from the one that was used least lately on, while
    /// a condition holds and more than so many are open.
    mutating func retire(keeping minimum: Int, while isIdleTooLong: (Connection) -> Bool) -> [Connection] {
        let surplus = max(0, open - minimum)
        let retired = Array(idle.prefix(surplus).prefix(while: isIdleTooLong))
        idle.removeFirst(retired.count)
        open -= retired.count
        return retired
    }

    /// Nothing more is given out. Returns the connections to close and the waiters to refuse.
    mutating func close() -> (connections: [Connection], waiters: [Waiter]) {
        isClosed = true
        open -= idle.count
        defer {
            idle = []
            waiters = []
        }
        return (idle, waiters.map(\.waiter))
    }
}
