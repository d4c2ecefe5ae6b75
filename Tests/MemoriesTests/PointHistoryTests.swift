import ChangeLog
import Core
import Search
import Storage
import Telemetry
import TestKit
import Testing

@testable import Memories

@Suite(.timeLimit(.minutes(5))) struct PointHistoryTests {
    /// What a point was, as a test compares it.
    private struct Seen: Hashable {
        let key: PointKey
        let place: Float?
        let version: Int64

        init(key: PointKey, place: Float?, version: Int64) {
            (self.key, self.place, self.version) = (key, place, version)
        }

        init(_ point: Point) {
            self.init(key: point.key, place: point.vectors?[0]?[0], version: point.version)
        }
    }

    private static func start(
        _ engine: TestStore.Engine, settings: [String: String] = [:]
    ) async throws -> (MemoryWorld, PointCollection) {
        let world = try await MemoryWorld(engine, settings: settings)
        var definition = CollectionDefinition(
            vectors: [VectorDefinition(size: 3, metric: .euclid)],
            indexes: [PayloadFieldDefinition("user_id", .integer), PayloadFieldDefinition("t", .text)])
        definition.keepsHistory = true
        let collection = try await world.write { [role = world.role, definition] in
            try role.collections.create("a", definition, in: $0)
        }
        return (world, collection)
    }

    private static func put(
        _ drafts: [PointDraft], _ world: MemoryWorld, _ collection: PointCollection
    ) async throws -> LogPosition {
        let answer = try await world.store.log.write(TestStore.context) { [role = world.role] in
            try role.points.upsert(drafts, into: collection, in: $0)
        }
        try await world.role.waitUntilFound(answer.position, atMost: .seconds(60))
        return answer.position
    }

    private static func draft(_ number: UInt64, at place: Float, user: Int = 7, _ text: String = "") -> PointDraft {
        MemoryWorld.draft(.number(number), at: place, "{\"user_id\":\(user),\"t\":\"\(text)\"}")
    }

    /// The points of a user as of a position, by their list and one by one.
    private static func past(
        of user: Int, asOf position: LogPosition, _ world: MemoryWorld, _ collection: PointCollection
    ) async throws -> (Set<Seen>, Set<Seen>) {
        try await world.store.log.read { [role = world.role] transaction in
            let listed = try role.search(
                "a", ofUser: Int64(user), asOf: position, of: collection.tenant, in: transaction
            ) { try $0.page(from: nil, limit: 100, filter: nil, withVectors: true).points }
            let single = try (UInt64(0)..<6).compactMap {
                try role.points.history.find(.number($0), of: collection, asOf: position, in: transaction)
            }
            let ours = try single.filter { try $0.payloadObject().userID == Int64(user) }
            return (Set(listed.map(Seen.init)), Set(ours.map(Seen.init)))
        }.value
    }

    @Test(arguments: TestStore.Engine.allCases) func everyPositionShowsWhatWasThere(
        engine: TestStore.Engine
    ) async throws {
        var random = SeededRandom.fresh()
        let (world, collection) = try await Self.start(engine)
        var points: [PointKey: Seen] = [:]
        var users: [PointKey: Int] = [:]
        var seen: [(LogPosition, [Int: Set<Seen>])] = []
        for step in 0..<40 {
            let keys = Set((0..<3).map { _ in UInt64.random(in: 0..<6, using: &random) })
            let position: LogPosition
            if step % 4 == 3 {
                let answer = try await world.store.log.write(TestStore.context) { [role = world.role] in
                    try role.points.delete(keys.map { .number($0) }, of: collection, in: $0)
                }
                try await world.role.waitUntilFound(answer.position, atMost: .seconds(60))
                for key in keys { points[.number(key)] = nil }
                position = answer.position
            } else {
                let user = Int.random(in: 7...8, using: &random)
                let drafts = keys.sorted().map { Self.draft($0, at: Float(step), user: user) }
                position = try await Self.put(drafts, world, collection)
                for draft in drafts {
                    let version = (points[draft.key]?.version ?? 0) + 1
                    points[draft.key] = Seen(key: draft.key, place: Float(step), version: version)
                    users[draft.key] = user
                }
            }
            guard position > .start else { continue }
            let byUser = Dictionary(grouping: points.values) { users[$0.key] ?? 0 }.mapValues(Set.init)
            seen.append((position, byUser))
        }
        for (position, byUser) in seen {
            for user in 7...8 {
                let (listed, single) = try await Self.past(of: user, asOf: position, world, collection)
                #expect(listed == byUser[user] ?? [], "\(random), position \(position)")
                #expect(single == byUser[user] ?? [], "\(random), position \(position)")
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases) func thePastIsSearched(engine: TestStore.Engine) async throws {
        let (world, collection) = try await Self.start(engine)
        let first = try await Self.put([Self.draft(1, at: 1, "mills"), Self.draft(2, at: 5)], world, collection)
        _ = try await Self.put([Self.draft(1, at: 9), Self.draft(3, at: 1, "mills")], world, collection)
        let found = try await world.store.log.read { [role = world.role] transaction in
            try role.search("a", ofUser: 7, asOf: first, of: collection.tenant, in: transaction) { past in
                var near = PointQuery(.nearest(.vector([1, 0, 0])))
                near.limit = 1
                let words = PointQuery(.words("mills", in: ["t"]))
                return [try past.run(near).map(\.point.key), try past.run(words).map(\.point.key)]
            }
        }.value
        #expect(found == [[.number(1)], [.number(1)]])
    }

    @Test(arguments: TestStore.Engine.allCases) func versionsAreListedAndForgotten(
        engine: TestStore.Engine
    ) async throws {
        let (world, collection) = try await Self.start(engine)
        var positions: [LogPosition] = []
        for place in 1...3 {
            positions.append(try await Self.put([Self.draft(1, at: Float(place))], world, collection))
        }
        func versions(before position: LogPosition? = nil, limit: Int = 10) async throws -> [PointVersion] {
            try await world.store.log.read { [role = world.role] in
                try role.points.history.versions(
                    of: .number(1), before: position, limit: limit, of: collection, in: $0)
            }.value
        }
        let all = try await versions()
        #expect(all.map(\.point.position) == positions.reversed())
        #expect(all.map(\.until) == [nil, positions[2], positions[1]])
        #expect(all.map(\.point.version) == [3, 2, 1] && all.map { $0.endedAt == nil } == [true, false, false])
        #expect(try await versions(before: positions[2], limit: 1).map(\.point.version) == [2])
        try await world.write { [role = world.role] in
            try role.points.delete([.number(1)], of: collection, in: $0)
        }
        #expect(try await versions().count == 3)
        try await world.write { [role = world.role] in
            try role.points.history.forget(user: 8, of: collection, limit: 10, in: $0)
        }
        #expect(try await versions().count == 3)
        let forgotten = try await world.write { [role = world.role] unit in
            try (0..<3).map { _ in try role.points.history.forget(user: 7, of: collection, limit: 2, in: unit) }
        }
        #expect(forgotten == [2, 1, 0])
        #expect(try await versions().isEmpty)
    }

    @Test(arguments: TestStore.Engine.allCases) func whatIsDeletedMayLeaveOnlyWhatItWasBefore(
        engine: TestStore.Engine
    ) async throws {
        let (world, collection) = try await Self.start(engine)
        let first = try await Self.put([Self.draft(1, at: 1, user: 8)], world, collection)
        let second = try await Self.put([Self.draft(1, at: 2)], world, collection)
        try await world.write { [role = world.role] in
            try role.points.delete([.number(1)], of: collection, history: .leave, in: $0)
        }
        let before = Seen(key: .number(1), place: 1, version: 1)
        #expect(try await Self.past(of: 8, asOf: first, world, collection) == ([before], [before]))
        #expect(try await Self.past(of: 7, asOf: second, world, collection) == ([], []))
    }

    /// The versions of a user who has more of them than may be searched are not even read to the end.
    @Test func aPastWithTooManyVersionsIsRefused() async throws {
        let (world, collection) = try await Self.start(.sqlite)
        let position = try await Self.put([Self.draft(1, at: 1)], world, collection)
        try await world.write { [role = world.role] in try role.points.delete([.number(1)], of: collection, in: $0) }
        let count = PointHistory.searchLimit + 1
        try await world.store.log.database.write { transaction in
            let first = PointPlace(.number(1), in: collection.number).sqlValue
            // The last version cannot be read.
            for number in 1...UInt64(count) {
                try transaction.execute(
                    """
                    INSERT INTO point_versions
                    SELECT \(PointPlace(.number(number + 1), in: collection.number).sqlValue), tenant, collection,
                        position, until_position + \(Int64(number)), version, payload, created_at, updated_at,
                        expires_at, ended_at, user_id, CASE \(Int64(number)) WHEN \(count) THEN x'ff' ELSE vectors END
                    FROM point_versions WHERE place = \(first)
                    """)
            }
        }
        let failure = await failure { _ = try await Self.past(of: 7, asOf: position, world, collection) }
        #expect(failure?.errors.map(\.pointer) == ["/as_of"], "\(String(describing: failure))")
    }

    /// Small batches, while the sweeper of the role itself rests.
    private static let sweepsOfThree = ["memories.sweep_batch": "3", "memories.sweep_interval": "3600000"]

    /// No statement deletes more than a batch of what is left of a collection.
    @Test(arguments: TestStore.Engine.allCases) func leftoversGoSomeAtATime(engine: TestStore.Engine) async throws {
        let (world, collection) = try await Self.start(engine, settings: Self.sweepsOfThree)
        for place in 1...4 {
            let drafts = [Self.draft(1, at: Float(place)), Self.draft(2, at: 0, "\(place)")]
            _ = try await Self.put(drafts, world, collection)
        }
        let kept = try await world.write { [role = world.role] in
            try role.collections.create("b", collection.definition, in: $0)
        }
        for place in 1...2 { _ = try await Self.put([Self.draft(1, at: Float(place))], world, kept) }
        _ = try await world.write { [role = world.role] in try role.collections.delete("a", in: $0) }
        let sweeper = try #require(world.role.services.compactMap { $0 as? PointSweeper }.first)
        var counts: [Int] = []
        repeat { counts.append(try await sweeper.sweep()) } while counts.last != 0
        #expect(counts == [2, 3, 3, 1, 0], "two points, six versions, and what is known of the collection")
        let left = try await world.store.log.read {
            try $0.rows("SELECT collection FROM point_versions") { $0.integer(0) }
        }.value
        #expect(left == [kept.number])
    }

    @Test(arguments: TestStore.Engine.allCases) func whatIsOldGoesAndIsRefused(engine: TestStore.Engine) async throws {
        let (world, collection) = try await Self.start(engine, settings: ["memories.history_age": "2"])
        let first = try await Self.put([Self.draft(1, at: 1)], world, collection)
        let second = try await Self.put([Self.draft(1, at: 2)], world, collection)
        world.store.time.advance(bySeconds: 3 * 3_600)
        let third = try await Self.put([Self.draft(1, at: 3)], world, collection)
        let sweeper = try #require(world.role.services.compactMap { $0 as? PointSweeper }.first)
        while try await sweeper.sweep() > 0 {}
        // The sweeper of the role itself may have deleted it, and counts it a moment later.
        try await wait { world.store.metrics.counter("point_versions_deleted_total", "").with().value == 1 }
        let failure = await #expect(throws: Failure.self) {
            try await Self.past(of: 7, asOf: first, world, collection)
        }
        #expect(failure?.code == "history_gone")
        #expect(failure?.details.contains { $0.value == .integer(second.value) } == true)
        #expect(try await Self.past(of: 7, asOf: second, world, collection).0.map(\.place) == [2])
        #expect(try await Self.past(of: 7, asOf: third, world, collection).0.map(\.place) == [3])
    }

    @Test func whatHasEndedLeavesNothingBehind() async throws {
        let (world, collection) = try await Self.start(.sqlite)
        _ = try await Self.put([Self.draft(1, at: 1)], world, collection)
        var draft = Self.draft(1, at: 2)
        draft.expiresAt = world.store.time.now().advanced(bySeconds: 60)
        let position = try await Self.put([draft], world, collection)
        world.store.time.advance(bySeconds: 61)
        let sweeper = try #require(world.role.services.compactMap { $0 as? PointSweeper }.first)
        while try await sweeper.sweep() > 0 {}
        let (listed, single) = try await Self.past(of: 7, asOf: position, world, collection)
        #expect(listed.isEmpty && single.isEmpty)
    }

    @Test func collectionsThatKeepNoHistoryHaveNone() async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("b")
        for place in 1...2 {
            try await world.write { [role = world.role] in
                try role.points.upsert([Self.draft(1, at: Float(place))], into: collection, in: $0)
            }
        }
        let count = try await world.store.log.read {
            try $0.first("SELECT COUNT(*) FROM point_versions") { $0.int(0) }
        }.value
        #expect(count == 0)
    }
}
