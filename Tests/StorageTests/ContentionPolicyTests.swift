import Testing

@testable import Storage

/// Batches that get into each other's way run one after the other for a while.
@Suite struct ContentionPolicyTests {
    @Test func afterABatchThatGaveUpSomeRunAlone() {
        var policy = ContentionPolicy(maximum: 3)
        #expect(policy.limit == 3 && policy.batchLimit == 32)
        policy.gaveUp()
        for _ in 0..<ContentionPolicy.quietBatches {
            #expect(policy.limit == 1 && policy.batchLimit == 128)
            policy.committed()
        }
        #expect(policy.limit == 3)
        policy.committed()
        #expect(policy.limit == 3)
    }
}
