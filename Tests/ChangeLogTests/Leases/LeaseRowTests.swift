import Core
import Storage
import TestKit
import Testing

@testable import ChangeLog

/// What the database decides about a lease: the clock is one that the test moves, on every engine.
@Suite struct LeaseRowTests {
    private let one = LeaseRow(name: "work", holder: "one")
    private let two = LeaseRow(name: "work", holder: "two")

    private func acquire(_ row: LeaseRow, _ store: TestStore) async throws -> Int64? {
        let now = store.time.now()
        return try await store.database.write { try row.acquire(for: .seconds(15), now: "\(now)", in: $0) }
    }

    private func renew(_ row: LeaseRow, _ token: Int64, _ store: TestStore) async throws -> Bool {
        let now = store.time.now()
        return try await store.database.write { try row.renew(token, for: .seconds(15), now: "\(now)", in: $0) }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func oneHasItUntilItExpiresAndTheTokenAscends(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        #expect(try await acquire(one, store) == 1)
        #expect(try await acquire(two, store) == nil)
        store.time.advance(bySeconds: 14)
        #expect(try await acquire(two, store) == nil)
        store.time.advance(bySeconds: 1)
        #expect(try await acquire(two, store) == 2)
        #expect(try await acquire(one, store) == nil)
        #expect(try await renew(one, 1, store) == false)
        let other = LeaseRow(name: "other work", holder: "one")
        #expect(try await acquire(other, store) == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aRenewalKeepsItUnderTheSameToken(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        #expect(try await acquire(one, store) == 1)
        for _ in 0..<3 {
            store.time.advance(bySeconds: 10)
            #expect(try await renew(one, 1, store))
        }
        store.time.advance(bySeconds: 14)
        #expect(try await acquire(two, store) == nil)
        // Late, but nobody else has had it in between.
        store.time.advance(bySeconds: 100)
        #expect(try await renew(one, 1, store))
        #expect(try await acquire(two, store) == nil)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsGivenBackIsTakenAtOnceAndARenewalThatWasLateDoesNotKeepIt(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        #expect(try await acquire(one, store) == 1)
        try await store.database.write { [one] in try one.release(1, in: $0) }
        #expect(try await renew(one, 1, store) == false)
        #expect(try await acquire(two, store) == 2)
        // A release of before says nothing of the holding of another.
        try await store.database.write { [one] in try one.release(1, in: $0) }
        #expect(try await acquire(one, store) == nil)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoLostTheAnswerTakesItAgainUnderANewToken(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        #expect(try await acquire(one, store) == 1)
        #expect(try await acquire(one, store) == 2)
        let stale = LeaseGrant(token: 1, row: one)
        await #expect(throws: Failure.self) { try await store.database.write { try stale.check(in: $0) } }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theWriteOfAStaleHolderIsRefusedAsAWhole(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        #expect(try await acquire(one, store) == 1)
        let grant = LeaseGrant(token: 1, row: one)
        try await store.database.write { try grant.check(in: $0) }
        store.time.advance(bySeconds: 15)
        #expect(try await acquire(two, store) == 2)
        let failure = await #expect(throws: Failure.self) {
            _ = try await store.log.write(TestStore.context) { unit in
                try unit.recordInsert("order", unit.makeIdentifier(), after: Array("{}".utf8))
                try grant.check(in: unit.transaction)
            }
        }
        #expect(failure?.code == "lease_lost")
        #expect(failure?.kind == .conflict)
        #expect(try await store.database.read { try ChangeLog.last(in: $0) } == .start)
        let current = LeaseGrant(token: 2, row: two)
        try await store.database.write { try current.check(in: $0) }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoHasTheDatabaseForItselfEndsAllLeases(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        #expect(try await acquire(one, store) == 1)
        try await store.log.endLeases()
        #expect(try await acquire(two, store) == 2)
    }

    /// The embedded engine's only instance is its clock. Elsewhere an instance whose clock is an hour ahead takes
    /// nothing from others.
    @Test(arguments: TestStore.Engine.allCases)
    func expiryIsJudgedByTheClockOfTheDatabase(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        let dialect = store.database.dialect
        let now = SystemTime().now()
        _ = try await store.database.write { [one] in
            try one.acquire(for: .seconds(15), now: dialect.now(now), in: $0)
        }
        let taken = try await store.database.write { [two] in
            try two.acquire(for: .seconds(15), now: dialect.now(now.advanced(bySeconds: 3_600)), in: $0)
        }
        #expect((taken == nil) == (dialect == .postgres))
        let expires = try await store.database.read { try $0.first("SELECT expires_at FROM leases") { $0.integer(0) } }
        let skew = dialect == .postgres ? 0 : 3_600
        let left = ((expires ?? 0) - now.microseconds) / 1_000_000 - Int64(skew)
        #expect((14...30).contains(left))
    }
}
