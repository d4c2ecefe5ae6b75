import NIOCore
import Testing

@testable import Outbound

/// Who gets which connection. Connections and those who wait are names here.
@Suite struct ConnectionPoolTests {
    private typealias Pool = ConnectionPool<String, String>

    private func moment(_ milliseconds: UInt64) -> NIODeadline { .uptimeNanoseconds(milliseconds * 1_000_000) }

    private func describe(_ admission: Pool.Admission) -> String {
        switch admission {
        case .use(let connection): "use \(connection)"
        case .open: "open"
        case .wait: "wait"
        case .refuse: "refuse"
        }
    }

    @Test func theOneThatWasUsedLastIsUsedAgain() {
        var pool = Pool(limit: 2, waiterLimit: 1)
        #expect(describe(pool.admit("a")) == "open")
        #expect(describe(pool.admit("b")) == "open")
        #expect(describe(pool.admit("c")) == "wait")
        #expect(describe(pool.admit("d")) == "refuse")
        #expect(pool.release("one", at: moment(0)) == "c")
        #expect(pool.release("two", at: moment(1)) == nil)
        #expect(pool.release("one", at: moment(2)) == nil)
        #expect(describe(pool.admit("e")) == "use one")
        #expect(describe(pool.admit("f")) == "use two")
        #expect(pool.count == 2)
    }

    @Test func aLostConnectionMakesRoom() {
        var pool = Pool(limit: 1, waiterLimit: 2)
        _ = pool.admit("a")
        _ = pool.admit("b")
        #expect(pool.lose() == "b", "another one is made for whoever waits")
        #expect(pool.count == 1)
        #expect(pool.lose() == nil)
        #expect(pool.isEmpty)
    }

    @Test func whoeverGivesUpIsNotServed() {
        var pool = Pool(limit: 1, waiterLimit: 2)
        _ = pool.admit("a")
        guard case .wait(let ticket) = pool.admit("b") else {
            Issue.record("b must wait")
            return
        }
        _ = pool.admit("c")
        pool.leave(ticket: ticket)
        #expect(pool.release("one", at: moment(0)) == "c")
    }

    @Test func unusedConnectionsExpire() {
        var pool = Pool(limit: 3, waiterLimit: 0)
        for name in ["a", "b", "c"] { _ = pool.admit(name) }
        for (index, name) in ["one", "two", "three"].enumerated() { _ = pool.release(name, at: moment(UInt64(index))) }
        #expect(pool.takeIdle(since: moment(1)) == ["one", "two"])
        #expect(pool.count == 1)
        pool.loseIdle { $0 == "three" }
        pool.loseIdle { $0 == "three" }
        #expect(pool.isEmpty)
    }
}
