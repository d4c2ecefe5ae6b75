import ChangeLog
import Core
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// What a server has written is handed to its indexes, and only what is true.
@Suite struct WrittenPointsTests {
    private static let collection = PointCollection.unstored(size: 3)

    private static func point(_ number: UInt64, _ payload: String = "{}", vector: [Float]? = [1, 2, 3]) -> Point {
        var point = Point(
            PointDraft(key: .number(number), payload: Array(payload.utf8), vectors: PointVectors()), at: .earliest)
        point.vectors = nil
        if let vector {
            point.vectors = PointVectors()
            point.setVector(vector, at: 0)
        }
        return point
    }

    private static func entry(_ outcome: WrittenPoints.Outcome) -> WrittenPoints.Entry {
        .init(collection: collection, entity: Point.entity(outcome.key, in: 1), outcome: outcome)
    }

    private static func note(
        _ entries: [WrittenPoints.Entry], in written: WrittenPoints, _ store: TestStore
    ) async throws {
        _ = try await store.database.write { written.note(entries, in: $0) }
    }

    @Test func whatIsWrittenIsHandedOutOnce() async throws {
        let store = try await TestStore(.sqlite)
        let written = WrittenPoints()
        try await Self.note([Self.entry(.there(Self.point(1))), Self.entry(.gone(.number(2)))], in: written, store)
        let entities = (1...3).map { Point.entity(.number($0), in: 1) }
        let taken = written.take(entities)
        #expect(Set(taken.keys) == Set(entities.prefix(2)))
        guard case .there(let point)? = taken[entities[0]]?.outcome,
            case .gone(.number(2))? = taken[entities[1]]?.outcome
        else {
            Issue.record("\(taken)")
            return
        }
        #expect(point.vectors?[0] == [1, 2, 3])
        #expect(written.take(entities).isEmpty)
    }

    @Test func vectorsStayWithAPayloadThatIsWrittenAfterThem() async throws {
        let store = try await TestStore(.sqlite)
        let written = WrittenPoints()
        try await Self.note([Self.entry(.there(Self.point(1)))], in: written, store)
        try await Self.note([Self.entry(.there(Self.point(1, "{\"n\":2}", vector: nil)))], in: written, store)
        guard case .there(let point)? = written.take([Point.entity(.number(1), in: 1)]).values.first?.outcome else {
            Issue.record("nothing is there")
            return
        }
        #expect(point.vectors?[0] == [1, 2, 3] && point.payload == Array("{\"n\":2}".utf8))
    }

    @Test func whatATransactionTakesBackIsNotKept() async throws {
        let store = try await TestStore(.sqlite)
        let written = WrittenPoints()
        await #expect(throws: Failure.self) {
            _ = try await store.database.write { transaction in
                written.note([Self.entry(.there(Self.point(1)))], in: transaction)
                throw Failure.invalid(at: "/", "no")
            }
        }
        #expect(written.take([Point.entity(.number(1), in: 1)]).isEmpty)
    }

    /// What others write there is not told of, so nothing is known for certain.
    @Test func nothingIsKeptOfADatabaseServer() async throws {
        let store = try await TestStore(.postgres)
        let written = WrittenPoints()
        try await Self.note([Self.entry(.there(Self.point(1)))], in: written, store)
        #expect(written.take([Point.entity(.number(1), in: 1)]).isEmpty)
    }

    @Test func whatDoesNotFitIsForgottenAltogether() async throws {
        let store = try await TestStore(.sqlite)
        let written = WrittenPoints()
        let large = String(repeating: "x", count: WrittenPoints.limit / 2)
        for number in [1, 2, 1] as [UInt64] {
            try await Self.note([Self.entry(.there(Self.point(number, large)))], in: written, store)
        }
        let entities = [1, 2].map { Point.entity(.number($0), in: 1) }
        #expect(Set(written.take(entities).keys) == [entities[0]])
        // An old state of a point whose new one does not fit would be wrong.
        try await Self.note([Self.entry(.there(Self.point(1)))], in: written, store)
        try await Self.note([Self.entry(.there(Self.point(1, large + large)))], in: written, store)
        #expect(written.take(entities).isEmpty)
        // What was taken is no longer counted.
        try await Self.note([Self.entry(.there(Self.point(2, large)))], in: written, store)
        #expect(written.take(entities).count == 1)
    }

    /// Two roles on one store write the same points, each handing its own indexes what it wrote itself: whatever the
    /// order is, both indexes have what the tables have.
    @Test(arguments: TestStore.Engine.allCases)
    func indexesHaveWhatTheTablesHave(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let first = try await MemoryWorld(engine)
        let second = try await MemoryWorld(engine, on: first.store)
        let worlds = [first, second]
        let collection = try await first.make("a")
        for step in 1...60 {
            let steps = (0..<3).map { _ in (worlds[Int.random(in: 0..<2, using: &random)], Step(&random, step)) }
            try await withThrowingTaskGroup(of: LogPosition.self) { group in
                for (place, (world, change)) in steps.enumerated() {
                    // Else they would be one unit of work: they have the same actor and, here, the same time.
                    let context = ChangeContext(
                        tenant: .first, actor: "test", requestID: "\(step) \(place)")
                    group.addTask {
                        try await world.store.log.write(context) { unit in
                            try change.perform(on: world.role.points, collection, unit)
                        }.position
                    }
                }
                for try await position in group {
                    for world in worlds { try await world.role.waitUntilFound(position, atMost: .seconds(60)) }
                }
            }
            guard step.isMultiple(of: 15) else { continue }
            for world in worlds {
                let problems = try await world.role.verify("a", of: TestStore.context.tenant).problems
                #expect(problems == [], "\(random)")
            }
        }
        #expect(try await first.counts(collection)[0] > 0)
    }

    /// One write of a few of ten points.
    private enum Step: Sendable {
        case upsert([UInt64], Float)
        case payload([UInt64], Int)
        case vector([UInt64], Float)
        case delete([UInt64])

        init(_ random: inout SeededRandom, _ number: Int) {
            let points = (0...Int.random(in: 0...3, using: &random)).map { _ in
                UInt64.random(in: 0..<10, using: &random)
            }
            let keys = Array(Set(points)).sorted()
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1: self = .upsert(keys, Float(number))
            case 2: self = .payload(keys, number)
            case 3: self = .vector(keys, Float(number) + 0.5)
            default: self = .delete(keys)
            }
        }

        func perform(on points: Points, _ collection: PointCollection, _ unit: UnitOfWork) throws {
            switch self {
            case .upsert(let numbers, let place):
                try points.upsert(
                    numbers.map { MemoryWorld.draft(.number($0), at: place, "{\"n\":\(Int(place))}") },
                    into: collection,
                    in: unit)
            case .payload(let numbers, let value):
                try points.update(numbers.map { .number($0) }, of: collection, in: unit) { point in
                    try point.replacePayload(JSONObject([.init("n", .integer(Int64(value)))]))
                }
            case .vector(let numbers, let place):
                try points.update(numbers.map { .number($0) }, of: collection, withVectors: true, in: unit) { point in
                    point.setVector([place, 0, 0], at: 0)
                }
            case .delete(let numbers):
                try points.delete(numbers.map { .number($0) }, of: collection, in: unit)
            }
        }
    }
}
