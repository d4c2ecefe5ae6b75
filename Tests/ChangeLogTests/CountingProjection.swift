import ChangeLog
import Core
import Foundation
import Storage
import Synchronization
import TestKit

/// A projection that writes down how often it saw each position, in the database of the log, and fails where it is told
/// to.
final class CountingProjection: Projection {
    /// Where in `apply` it fails.
    enum Fault: CaseIterable {
        case beforeTransaction, withinTransaction, afterCommit
    }

    static let schema = Schema(
        room: "counting",
        [
            Migration(
                1, "sightings",
                [
                    "CREATE TABLE sightings (position BIGINT PRIMARY KEY, times BIGINT NOT NULL)",
                    "CREATE TABLE progress (name TEXT PRIMARY KEY, position BIGINT NOT NULL)",
                ])
        ])

    let name = "counting"
    let types: Set<String>?
    let rebuilds = Mutex(0)
    /// The positions of each batch that it was given.
    let batches = Mutex<[[LogPosition]]>([])
    private let database: any Database
    private let faults: Mutex<[Fault]>

    init(_ database: any Database, types: Set<String>? = nil, faults: [Fault] = []) {
        self.database = database
        self.types = types
        self.faults = Mutex(faults)
    }

    var faultsLeft: Int { faults.withLock { $0.count } }

    func position() async throws -> LogPosition? {
        try await database.read { transaction in
            try transaction.first("SELECT position FROM progress WHERE name = \(self.name)") { $0.position(0) }
                ?? .start
        }
    }

    func apply(_ changes: [Change], upTo position: LogPosition) async throws {
        batches.withLock { $0.append(changes.map(\.position)) }
        let fault = faults.withLock { $0.popLast() }
        if fault == .beforeTransaction { throw Failure.internal("injected before the transaction") }
        try await database.write { transaction in
            for change in changes {
                try transaction.execute(
                    """
                    INSERT INTO sightings (position, times) VALUES (\(change.position), 1)
                    ON CONFLICT (position) DO UPDATE SET times = sightings.times + 1
                    """)
            }
            if fault == .withinTransaction { throw Failure.internal("injected within the transaction") }
            try self.store(position, in: transaction)
        }
        if fault == .afterCommit { throw Failure.internal("injected after the commit") }
    }

    func rebuild() async throws {
        rebuilds.withLock { $0 += 1 }
        try await database.write { transaction in
            try self.store(try ChangeLog.last(in: transaction), in: transaction)
        }
    }

    /// How often each position was seen, by ascending position.
    func sightings() async throws -> [(position: Int64, times: Int64)] {
        try await database.read { transaction in
            try transaction.rows("SELECT position, times FROM sightings ORDER BY position") {
                ($0.integer(0), $0.integer(1))
            }
        }
    }

    private func store(_ position: LogPosition, in transaction: any WriteTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO progress (name, position) VALUES (\(name), \(position))
            ON CONFLICT (name) DO UPDATE SET position = excluded.position
            """)
    }
}

extension TestStore {
    /// Appends changes of a type, and returns the last position.
    ///
    /// - parameter context: on whose behalf; nil is a request of its own, by which units are told apart where time
    ///   stands still.
    @discardableResult
    func append(_ type: String, _ count: Int, _ context: ChangeContext? = nil) async throws -> LogPosition {
        let own = ChangeContext(
            tenant: Self.context.tenant, actor: Self.context.actor, requestID: "request-\(UUID().uuidString)")
        return try await log.write(context ?? own) { unit in
            for number in 0..<count {
                try unit.recordInsert(type, unit.makeIdentifier(), after: Array("{\"number\":\(number)}".utf8))
            }
        }.position
    }
}
