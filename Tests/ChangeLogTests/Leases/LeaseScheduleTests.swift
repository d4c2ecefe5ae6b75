import TestKit
import Testing

/// Whatever is late, lost, skewed or stands still: never do two instances hold one lease, and nobody writes after the
/// next holder was chosen.
@Suite(.timeLimit(.minutes(5))) struct LeaseScheduleTests {
    @Test(arguments: TestStore.Engine.allCases, [1, 2, 3, 20_261_121, UInt64.random(in: 0 ... .max)])
    func twoNeverHoldOneLease(engine: TestStore.Engine, seed: UInt64) async throws {
        print("twoNeverHoldOneLease: seed \(seed)")
        let store = try await TestStore(engine)
        var simulation = LeaseSimulation(store, instances: 3, random: SeededRandom(seed: seed))
        try await simulation.run(until: .seconds(3_600))
        let note: Comment = "seed \(seed)"
        #expect(simulation.conflicts.isEmpty, note)
        #expect(simulation.granted == Array(1...Int64(simulation.granted.count)), note)
        #expect(simulation.writes.allSatisfy { $0.token == $0.latest }, note)
        // It went on, and had something to refuse.
        #expect(simulation.granted.count > 10, note)
        #expect(simulation.writes.count > 50, note)
        #expect(simulation.refusals > 0, note)
    }
}
