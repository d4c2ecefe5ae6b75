import Core
import Search
import Testing

@testable import ChangeLog
@testable import Memories

/// Where the indexes take the state of a point from that changes tell of.
@Suite struct PendingPointsTests {
    private static let collection = PointCollection.unstored(size: 1)
    private static let entity = Point.entity(.number(7), in: 1)
    private static let image = Array(#"{"collection":"a","point":7}"#.utf8)

    private static func change(_ operation: Operation, _ fields: [String] = []) -> Change {
        Change(
            position: LogPosition(1), tenant: .first, entityType: Point.entityType, entity: entity,
            operation: operation, after: operation == .delete ? nil : image,
            before: operation == .insert ? nil : image, changedFields: fields, actor: "", requestID: nil,
            traceparent: nil, time: .earliest)
    }

    private static func written(withVectors: Bool) -> WrittenPoints.Entry {
        var vectors = PointVectors()
        vectors.set([1], at: 0)
        var point = Point(PointDraft(key: .number(7), payload: Array("{}".utf8), vectors: vectors), at: .earliest)
        if !withVectors { point.vectors = nil }
        return .init(collection: collection, entity: entity, outcome: .there(point))
    }

    private static let gone = WrittenPoints.Entry(collection: collection, entity: entity, outcome: .gone(.number(7)))

    /// What comes of changes of one point.
    private static func source(_ changes: [(Change, WrittenPoints.Entry?)]) throws -> String {
        var pending = PendingPoints()
        for (change, entry) in changes { try pending.add(change, entry) }
        let items = pending.items[CollectionIndexes.Name(tenant: .first, name: "a")] ?? []
        try #require(items.count == 1 && items[0].key == .number(7))
        switch items[0].source {
        case .row(withVectors: true): return "row with vectors"
        case .row(withVectors: false): return "row"
        case .written(let entry): return entry.outcome.hasVectors ? "written with vectors" : "written"
        }
    }

    @Test func whatWasWrittenIsTakenWhereItTellsAll() throws {
        let (insert, payload) = (Self.change(.insert), Self.change(.update, ["payload"]))
        let (vectors, delete) = (Self.change(.update, ["payload", "vectors"]), Self.change(.delete))
        let (full, light) = (Self.written(withVectors: true), Self.written(withVectors: false))
        #expect(try Self.source([(insert, full)]) == "written with vectors")
        #expect(try Self.source([(payload, light)]) == "written")
        #expect(try Self.source([(payload, full)]) == "written with vectors")
        #expect(try Self.source([(delete, Self.gone)]) == "written")
        #expect(try Self.source([(insert, nil)]) == "row with vectors")
        #expect(try Self.source([(payload, nil)]) == "row")
        #expect(try Self.source([(vectors, nil)]) == "row with vectors")
        // Its vectors are not known: they did not fit, or were handed out before.
        #expect(try Self.source([(insert, light)]) == "row with vectors")
        #expect(try Self.source([(vectors, light)]) == "row with vectors")
    }

    @Test func theLatestChangeDecidesAndNoVectorIsMissed() throws {
        let (insert, payload) = (Self.change(.insert), Self.change(.update, ["payload"]))
        let delete = Self.change(.delete)
        let (full, light) = (Self.written(withVectors: true), Self.written(withVectors: false))
        // Somebody else has changed it after what was written here.
        #expect(try Self.source([(insert, full), (payload, nil)]) == "row with vectors")
        #expect(try Self.source([(payload, light), (payload, nil)]) == "row")
        #expect(try Self.source([(payload, light), (delete, nil)]) == "row")
        #expect(try Self.source([(insert, nil), (payload, light)]) == "row with vectors")
        #expect(try Self.source([(payload, nil), (payload, light)]) == "written")
        #expect(try Self.source([(insert, nil), (delete, Self.gone)]) == "written")
        #expect(try Self.source([(delete, Self.gone), (insert, full)]) == "written with vectors")
    }

    @Test func aChangeWithoutAnImageIsAFailure() {
        var pending = PendingPoints()
        let change = Change(
            position: LogPosition(1), tenant: .first, entityType: Point.entityType, entity: Self.entity,
            operation: .custom, after: Array("{}".utf8), before: nil, changedFields: [], actor: "", requestID: nil,
            traceparent: nil, time: .earliest)
        #expect(throws: Failure.self) { try pending.add(change, nil) }
    }
}
