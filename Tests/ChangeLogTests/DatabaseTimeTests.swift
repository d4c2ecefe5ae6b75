import ChangeLog
import Core
import Storage
import Telemetry
import TestKit
import Testing

@testable import ChangeLog

/// The time of the database on a machine whose clock is wrong.
@Suite struct DatabaseTimeTests {
    /// The clock of this machine, wrong by so many microseconds.
    private struct WrongTime: TimeSource {
        let microseconds: Int64

        func now() -> Timestamp { Timestamp(microseconds: SystemTime().now().microseconds + microseconds) }
    }

    @Test(arguments: [-3_600_000_000, 0, 3_600_000_000] as [Int64])
    func itIsWhatTheDatabaseShows(wrong: Int64) async throws {
        let store = try await TestStore(.postgres)
        let metrics = MetricsRegistry()
        let time = try await DatabaseTime(store.database, machine: WrongTime(microseconds: wrong), metrics: metrics)
        for _ in 0..<5 {
            let before = SystemTime().now().microseconds
            try await time.compare()
            let uncertainty = SystemTime().now().microseconds - before
            // The database is on this machine, whose clock is right.
            #expect(abs(time.now().microseconds - SystemTime().now().microseconds) <= uncertainty + 5_000)
        }
        let difference = metrics.gauge("clock_difference_seconds", "").with().value
        #expect(abs(difference + Double(wrong) / 1_000_000) < 5)
        if wrong == 0 { #expect(difference == 0) }
    }

    @Test func theEmbeddedEngineHasTheClockOfItsMachine() async throws {
        let store = try await TestStore(.sqlite)
        let machine = ManualTime()
        let time = try await DatabaseTime(store.database, machine: machine, metrics: MetricsRegistry())
        #expect(time.now() == machine.now())
    }
}
