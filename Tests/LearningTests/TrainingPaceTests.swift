import Synchronization
import TestKit
import Testing

@testable import Learning

@Suite struct TrainingPaceTests {
    @Test(arguments: [1, 2, 5]) func everyRowIsDoneOnce(threads: Int) throws {
        for (rows, portion) in [(0, 4), (1, 4), (4, 4), (5, 4), (1000, 7), (64, 100)] {
            let done = Mutex(Array(repeating: 0, count: rows))
            let pauses = Mutex(0)
            let pace = TrainingPace(threads: threads) { pauses.withLock { $0 += 1 } }
            try pace.divide(rows, portion: portion) { thread, range in
                #expect((0..<threads).contains(thread))
                #expect((1...portion).contains(range.count))
                done.withLock { done in for row in range { done[row] += 1 } }
            }
            #expect(done.withLock { $0 } == Array(repeating: 1, count: rows))
            #expect(pauses.withLock { $0 } == (rows + portion - 1) / portion)
        }
    }

    @Test(arguments: [1, 3]) func anErrorEndsTheWork(threads: Int) {
        struct End: Error {}
        let done = Mutex(0)
        #expect(throws: End.self) {
            try TrainingPace(threads: threads).divide(10_000, portion: 1) { _, range in
                if range.lowerBound == 20 { throw End() }
                done.withLock { $0 += 1 }
            }
        }
        #expect(done.withLock { $0 } < 5_000)
    }
}
