import ChangeLog
import Core
import Storage
import TestKit
import Testing

@Suite struct ChangeLogTests {
    private let thing = Schema(
        room: "things",
        [Migration(1, "things", ["CREATE TABLE things (id {identifier} PRIMARY KEY, size BIGINT NOT NULL)"])])

    @Test func everyConcurrentWriteHasOnePositionAndTheLogHasNoGap() async throws {
        let store = try await TestStore(schemas: [thing])
        let positions = await withThrowingTaskGroup(of: LogPosition.self) { group in
            for size in 0..<500 {
                group.addTask {
                    try await store.log.write(TestStore.context) { unit in
                        let id = unit.makeIdentifier()
                        try unit.transaction.execute("INSERT INTO things (id, size) VALUES (\(id), \(size))")
                        try unit.recordInsert("thing", id, after: Array("{\"size\":\(size)}".utf8))
                        if size % 10 == 0 { throw Failure.conflict("tenth", "Every tenth is refused.") }
                    }.position
                }
            }
            var positions: [LogPosition] = []
            while let result = await group.nextResult() {
                if case .success(let position) = result { positions.append(position) }
            }
            return positions
        }
        #expect(positions.count == 450)
        #expect(Set(positions).count == 450)
        let stored = try await store.log.read {
            try $0.rows("SELECT position FROM changes ORDER BY position") { $0.int(0) }
        }
        #expect(stored.value == Array(1...450))
        #expect(store.log.head == LogPosition(450))
        let things = try await store.log.read { try $0.first("SELECT COUNT(*) FROM things") { $0.int(0) } }
        #expect(things.value == 450)
    }
}
