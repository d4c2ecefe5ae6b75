import Caching
import Core
import Testing

@testable import Embedding

/// Which texts go with which request, and who is told.
@Suite struct EmbeddingQueueTests {
    private static let start = ContinuousClock.now

    /// A queue that expectations can change.
    private final class Queue {
        var queue: EmbeddingQueue

        init(batch: Int = 3, concurrency: Int = 1, waiting: Int = 10) {
            queue = EmbeddingQueue(.init(batch: batch, concurrency: concurrency, waiting: waiting))
        }

        var waitingCount: Int { queue.waitingCount }

        func add(_ call: Int, _ texts: [String], dimensions: Int? = nil, seconds: Int = 10) throws(Failure) {
            let wanted = texts.map { EmbeddingQueue.Wanted(key: ContentKey($0), text: $0, dimensions: dimensions) }
            try queue.add(call, wanted, until: start + .seconds(seconds))
        }

        func next() -> EmbeddingQueue.Batch? { queue.next() }

        func finish(
            _ batch: EmbeddingQueue.Batch, _ results: [Result<[Float], Failure>]
        ) -> [EmbeddingQueue.Ending] { queue.finish(batch, results) }

        func leave(_ call: Int) { queue.leave(call) }

        func isWanted(_ batch: EmbeddingQueue.Batch) -> Bool { queue.isWanted(batch) }
    }

    private func vectors(_ batch: EmbeddingQueue.Batch) -> [Result<[Float], Failure>] {
        batch.texts.map { .success([Float($0.count)]) }
    }

    @Test func textsThatWaitGoTogether() throws {
        let queue = Queue()
        try queue.add(1, ["a"])
        let first = try #require(queue.next())
        #expect(first.texts == ["a"])
        try queue.add(2, ["b", "cc"], seconds: 5)
        try queue.add(3, ["ddd", "eeee"], seconds: 20)
        #expect(queue.next() == nil, "one request at a time")
        #expect(queue.waitingCount == 4)
        #expect(queue.finish(first, vectors(first)).map(\.call) == [1])
        let second = try #require(queue.next())
        #expect(second.texts == ["b", "cc", "ddd"])
        #expect(second.deadline == Self.start + .seconds(20), "as long as anybody waits for one of them")
        let endings = queue.finish(second, vectors(second))
        #expect(endings.map(\.call) == [2])
        #expect(try endings[0].result.get() == [ContentKey("b"): [1], ContentKey("cc"): [2]])
        let third = try #require(queue.next())
        #expect(try queue.finish(third, vectors(third)).map { try $0.result.get().count } == [2])
        #expect(queue.next() == nil && queue.waitingCount == 0)
    }

    @Test func aRequestAsksForOneNumberOfComponents() throws {
        let queue = Queue(batch: 3, concurrency: 9)
        try queue.add(1, ["a", "b"], dimensions: 7)
        try queue.add(2, ["c"], dimensions: 9)
        try queue.add(3, ["d"], dimensions: 7)
        let batches = (0..<4).map { _ in queue.next() }
        #expect(batches.map { $0?.texts } == [["a", "b"], ["c"], ["d"], nil])
        #expect(batches.map { $0?.dimensions } == [7, 9, 7, nil])
    }

    @Test func asManyRequestsAreUnderWayAsAllowed() throws {
        let queue = Queue(batch: 1, concurrency: 2)
        try queue.add(1, ["a", "b", "c"])
        let batches = [queue.next(), queue.next(), queue.next()]
        #expect(batches.map { $0?.texts } == [["a"], ["b"], nil])
        let first = try #require(batches[0])
        #expect(queue.finish(first, vectors(first)).isEmpty, "its other texts are not there yet")
        #expect(queue.next()?.texts == ["c"])
    }

    @Test func aTextThatSeveralNeedGoesOnce() throws {
        let queue = Queue()
        try queue.add(1, ["a", "b"])
        let batch = try #require(queue.next())
        try queue.add(2, ["b"])
        #expect(queue.waitingCount == 0, "it is under way")
        #expect(queue.finish(batch, vectors(batch)).map(\.call).sorted() == [1, 2])
    }

    @Test func aTextThatFailsEndsThoseWhoNeedIt() throws {
        let queue = Queue(batch: 3)
        try queue.add(1, ["a"])
        try queue.add(2, ["bad", "later"])
        try queue.add(3, ["bad", "late"])
        let batch = try #require(queue.next())
        #expect(batch.texts == ["a", "bad", "later"])
        let failure = Failure(.invalid, code: "text_refused", "No.")
        let endings = queue.finish(batch, [.success([1]), .failure(failure), .success([1])])
        #expect(endings.map(\.call) == [1, 2, 3])
        #expect(throws: Failure.self) { try endings[1].result.get() }
        #expect(queue.next() == nil, "nobody needs what is left of a call that has failed")
    }

    @Test func whoLeavesTakesTheirTextsAlong() throws {
        let queue = Queue(batch: 1)
        try queue.add(1, ["a", "b"])
        try queue.add(2, ["b", "c"])
        let batch = try #require(queue.next())
        queue.leave(1)
        #expect(!queue.isWanted(batch))
        #expect(queue.waitingCount == 2, "somebody else needs b")
        queue.leave(2)
        #expect(queue.waitingCount == 0)
        #expect(queue.finish(batch, vectors(batch)).isEmpty)
        try queue.add(3, ["a"])
        #expect(queue.next()?.texts == ["a"])
    }

    @Test func noMoreTextsWaitThanAllowed() throws {
        let queue = Queue(batch: 1, waiting: 2)
        try queue.add(1, ["a", "b"])
        let failure = #expect(throws: Failure.self) { try queue.add(2, ["c"]) }
        #expect(failure?.code == "embedding_overloaded" && failure?.retryAfter == 1)
        try queue.add(3, ["a"])
        _ = queue.next()
        try queue.add(4, ["c"])
        let long = String(repeating: "x", count: EmbeddingQueue.waitingBytes + 1)
        let other = Queue()
        #expect(throws: Failure.self) { try other.add(1, [long]) }
    }

    @Test func aRequestHasNoMoreBytesThanAllowed() throws {
        let queue = Queue()
        let long = (0..<3).map { String(repeating: "\($0)", count: EmbeddingQueue.batchBytes / 2) }
        try queue.add(1, long)
        #expect(queue.next()?.texts.count == 2)
        let single = Queue()
        try single.add(1, [String(repeating: "x", count: EmbeddingQueue.batchBytes + 1), "y"])
        #expect(single.next()?.texts.count == 1, "one that is longer goes alone")
    }
}
