import Testing

@testable import Storage

/// When the write-ahead log is copied, and by whom.
@Suite struct CheckpointPolicyTests {
    @Test func aShortLogIsLeftAlone() {
        var policy = CheckpointPolicy()
        #expect(policy.committed(pages: CheckpointPolicy.pagesBetweenCopies - 1) == .nothing)
        #expect(policy.committed(pages: CheckpointPolicy.pagesBetweenCopies) == .copyBeside)
    }

    @Test func onlyOneCopyIsUnderWay() {
        var policy = CheckpointPolicy()
        #expect(policy.committed(pages: 5_000) == .copyBeside)
        #expect(policy.committed(pages: 60_000) == .nothing)
        policy.copied(pages: 5_000)
        #expect(policy.committed(pages: 5_000 + CheckpointPolicy.pagesBetweenCopies - 1) == .nothing)
        #expect(policy.committed(pages: 5_000 + CheckpointPolicy.pagesBetweenCopies) == .copyBeside)
    }

    @Test func theWriterFinishesOnlyALittle() {
        var policy = CheckpointPolicy()
        let end = CheckpointPolicy.pagesBeforeFinish
        #expect(policy.committed(pages: end) == .copyBeside)
        policy.copied(pages: end)
        #expect(policy.committed(pages: end + CheckpointPolicy.pagesToFinish) == .finish)
        #expect(policy.committed(pages: end + CheckpointPolicy.pagesToFinish + 1) == .nothing)
    }

    @Test func aLogThatHasGrownToItsLimitIsFinishedWhateverIsLeft() {
        var policy = CheckpointPolicy()
        #expect(policy.committed(pages: CheckpointPolicy.pagesLimit) == .finish)
    }

    @Test func aLogThatHasBegunAgainIsCopiedFromItsStart() {
        var policy = CheckpointPolicy()
        #expect(policy.committed(pages: 13_000) == .copyBeside)
        policy.copied(pages: 13_000)
        #expect(policy.committed(pages: 13_001) == .finish)
        #expect(policy.committed(pages: 10) == .nothing)
        #expect(policy.committed(pages: CheckpointPolicy.pagesBetweenCopies) == .copyBeside)
    }
}
