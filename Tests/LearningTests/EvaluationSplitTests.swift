import Core
import Testing

@testable import Learning

@Suite struct EvaluationSplitTests {
    /// A row of items, each at a second.
    private func row(_ items: [Int32], at seconds: Int64...) -> [HistoryEntry] {
        items.enumerated().map { place, item in
            let second = seconds.count > place ? seconds[place] : Int64(place)
            return HistoryEntry(item: item, time: Timestamp(microseconds: second * 1_000_000))
        }
    }

    private func items(_ matrix: InteractionMatrix) -> [[Int32]] {
        (0..<matrix.rowCount).map { matrix.history(ofRow: $0).map(\.item) }
    }

    @Test func leavesTheLastNewItemOfEachUserOut() {
        let rows = [row([0, 1, 0, 2, 1]), row([3]), row([4, 4]), row([2, 0])]
        let split = EvaluationSplit(.leaveOneOut, rows: rows, areSessions: false, itemCount: 5)
        #expect(split.choices.map(\.target) == [2, 0])
        #expect(split.choices[0].history.map(\.item) == [1, 0])
        #expect(split.choices[0].history.map(\.weight) == [1, 2], "what was done twice counts twice")
        #expect(split.choices[0].moment == Timestamp(microseconds: 3_000_000))
        #expect(Set(items(split.training)) == [[1, 0], [3], [4], [2]])
    }

    @Test func holdsBackTheLastTenthOfTheSessions() {
        let rows = (0..<18).map { row([0, $0]) } + [row([7]), row([1, 2, 1])]
        let split = EvaluationSplit(.time, rows: rows, areSessions: true, itemCount: 18)
        #expect(split.training.rowCount == 18)
        #expect(split.choices.map(\.target) == [2], "nothing comes before the only item of a session")
        #expect(split.choices[0].history.map(\.item) == [1])
    }

    @Test func holdsBackTheLastTenthOfAllInteractions() {
        let rows = [
            row([0, 1, 0, 2, 3], at: 0, 1, 90, 91, 92), row([5, 6], at: 90, 95),
            row(Array(0..<33), at: 10, 11, 12), row([1], at: 3),
        ]
        // 41 interactions: the 36 of the first 32 seconds are learnt from.
        let split = EvaluationSplit(.time, rows: rows, areSessions: false, itemCount: 33)
        #expect(split.choices.map(\.target) == [2], "0 is not new, and of the second user nothing was known")
        #expect(split.choices[0].history.map(\.item) == [1, 0])
        #expect(Set(items(split.training).map(\.count)) == [2, 33, 1])
        #expect(items(split.training).last?.count == 33, "who did something last comes last")
    }

    @Test func nothingComesOfNothing() {
        for method in EvaluationSplit.Method.allCases {
            for isSession in [false, true] {
                let split = EvaluationSplit(method, rows: [], areSessions: isSession, itemCount: 0)
                #expect(split.choiceCount == 0 && split.training.rowCount == 0)
            }
        }
    }
}
