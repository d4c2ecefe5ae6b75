import Core
import Dispatch
import Storage
import TestKit

/// What the tests of the room share.
enum StorageFixture {
    /// A table of things with a constraint of each kind.
    static let things = Schema(
        room: "things",
        [
            Migration(
                1, "things",
                [
                    "CREATE TABLE owners (id BIGINT PRIMARY KEY)",
                    """
                    CREATE TABLE things (
                        id BIGINT PRIMARY KEY,
                        name TEXT NOT NULL,
                        size BIGINT NOT NULL CHECK (size >= 0),
                        owner BIGINT REFERENCES owners (id),
                        UNIQUE (name))
                    """,
                ])
        ])

    /// A store with the table and some settings of the room.
    static func store(_ engine: TestStore.Engine = .sqlite, _ texts: [String: String] = [:]) async throws -> TestStore {
        let settings = try SettingsRegistry(StorageSettings.all).values(from: [
            SettingsSource(name: "test", texts: texts)
        ])
        return try await TestStore(engine, schemas: [things], settings: settings)
    }

    /// A query that runs until it is stopped.
    static let endless: SQL = """
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000000000)
        SELECT COUNT(*) FROM numbers
        """
}

extension TestStore {
    func insert(_ id: Int, name: String? = nil, size: Int = 1) async throws {
        try await database.write { try $0.insert(id, name: name, size: size) }
    }

    /// How many things there are.
    func count() async throws -> Int {
        try await database.read { try $0.count() }
    }
}

extension ReadTransaction {
    func count() throws -> Int {
        try first("SELECT COUNT(*) FROM things") { $0.int(0) } ?? -1
    }
}

extension WriteTransaction {
    func insert(_ id: Int, name: String? = nil, size: Int = 1) throws {
        try execute("INSERT INTO things (id, name, size) VALUES (\(id), \(name ?? "thing \(id)"), \(size))")
    }
}

/// A door that a closure on another thread waits at, to hold a transaction open without a sleep.
final class Door: Sendable {
    private let isOpen = DispatchSemaphore(value: 0)
    private let arrivals: AsyncStream<Void>
    private let arrive: AsyncStream<Void>.Continuation

    init() {
        (arrivals, arrive) = AsyncStream.makeStream()
    }

    /// Says that somebody is here, and waits. Only for threads that may be blocked.
    func pass() {
        arrive.yield()
        isOpen.wait()
    }

    /// Returns when somebody waits at the door.
    func waitForArrival() async {
        for await _ in arrivals { return }
    }

    func open() { isOpen.signal() }
}

/// Runs a task on a thread of its own, so that it may block without taking a thread from the others.
final class OwnThread: TaskExecutor {
    private let queue = DispatchQueue(label: "test")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
