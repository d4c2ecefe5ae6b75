import Testing

@testable import Storage

/// Every history of a small pool.
@Suite struct PoolStateMachineTests {
    private typealias Machine = PoolStateMachine<Int, Int>

    /// What can happen to a pool.
    private enum Event: CaseIterable {
        case acquire, release, breakDown, takeIdle, expireFirst, expireLast, expireLate, retire, close
    }

    /// A pool and what a bystander knows of it.
    private struct World {
        let limit: Int
        let waiterLimit: Int
        var machine: Machine
        /// Those that wait for use, the one that came back last at the end.
        var idle: [Int] = []
        var used: [Int] = []
        /// Callers who were told to open a connection and have not said how it went.
        var waiting: [(ticket: Int, waiter: Int)] = []
        var connections = 0
        var callers = 0
        var isClosed = false

        init(limit: Int, waiterLimit: Int) {
            self.limit = limit
            self.waiterLimit = waiterLimit
            machine = Machine(limit: limit, waiterLimit: waiterLimit)
        }

        /// Lets something happen. Returns false when it cannot happen now.
        mutating func apply(_ event: Event) -> Bool {
            switch event {
            case .acquire: acquire()
            case .release:
                guard let connection = used.popLast() else { return false }
                release(connection)
            case .breakDown:
                guard used.popLast() != nil else { return false }
                breakDown()
            case .takeIdle:
                guard !idle.isEmpty else { return false }
                let taken = machine.takeIdle()
                #expect(taken == idle)
                used += taken
                idle = []
            case .expireFirst, .expireLast:
                guard let entry = event == .expireFirst ? waiting.first : waiting.last else { return false }
                #expect(machine.expire(entry.ticket) == entry.waiter)
                #expect(machine.expire(entry.ticket) == nil)
                waiting.removeAll { $0.ticket == entry.ticket }
            case .expireLate:
                // All but the last have waited too long.
                guard let last = waiting.last?.waiter else { return false }
                #expect(machine.expire { $0 != last } == waiting.dropLast().map(\.waiter))
                waiting.removeFirst(waiting.count - 1)
            case .retire:
                // One is kept, and the one that came back last was used a moment ago.
                guard let last = idle.last else { return false }
                let count = min(idle.count - 1, max(0, idle.count + used.count - 1))
                #expect(machine.retire(keeping: 1) { $0 != last } == Array(idle.prefix(count)))
                idle.removeFirst(count)
            case .close:
                guard !isClosed else { return false }
                isClosed = true
                let (connections, waiters) = machine.close()
                #expect(connections == idle)
                #expect(waiters == waiting.map(\.waiter))
                idle = []
                waiting = []
            }
            return true
        }

        private mutating func acquire() {
            switch machine.acquire() {
            case .use(let connection):
                #expect(idle.popLast() == connection && !isClosed)
                used.append(connection)
            case .open:
                #expect(idle.isEmpty && used.count < limit && !isClosed)
                connections += 1
                used.append(connections)
            case .wait:
                #expect(idle.isEmpty && used.count == limit && waiting.count < waiterLimit && !isClosed)
                let ticket = machine.makeTicket()
                callers += 1
                machine.enqueue(callers, ticket: ticket)
                waiting.append((ticket, callers))
            case .refuse: #expect(idle.isEmpty && used.count == limit && waiting.count == waiterLimit && !isClosed)
            case .closed: #expect(isClosed)
            }
        }

        private mutating func release(_ connection: Int) {
            switch machine.release(connection) {
            case .hand(let handed, let waiter):
                #expect(handed == connection && !waiting.isEmpty && !isClosed)
                #expect(waiting.removeFirst().waiter == waiter)
                used.append(handed)
            case .keep:
                #expect(waiting.isEmpty && !isClosed)
                idle.append(connection)
            case .close(let closed): #expect(closed == connection && isClosed)
            }
        }

        private mutating func breakDown() {
            guard let waiter = machine.discard() else {
                #expect(waiting.isEmpty)
                return
            }
            #expect(waiting.removeFirst().waiter == waiter)
            connections += 1
            used.append(connections)
        }

        func check() {
            #expect(machine.active == used.count)
            #expect(machine.idleCount == idle.count)
            #expect(machine.waiterCount == waiting.count)
            #expect(used.count + idle.count <= limit)
            // Nobody waits while there is something for them.
            #expect(waiting.isEmpty || (idle.isEmpty && used.count == limit))
        }
    }

    @Test(arguments: [1, 2], [0, 1, 2]) func everyHistoryHoldsTheRules(limit: Int, waiterLimit: Int) {
        var histories = 0
        func explore(_ world: World, depth: Int) {
            histories += 1
            guard depth > 0 else { return }
            for event in Event.allCases {
                var next = world
                guard next.apply(event) else { continue }
                next.check()
                explore(next, depth: depth - 1)
            }
        }
        explore(World(limit: limit, waiterLimit: waiterLimit), depth: 8)
        #expect(histories > 1_000)
    }
}
