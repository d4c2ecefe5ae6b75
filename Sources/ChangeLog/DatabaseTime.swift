public import Core
public import ServiceLifecycle
public import Storage
import Synchronization
public import Telemetry

/// The time of day by the clock of the database, which several instances share: so what one of them dates means the
/// same to the others, whatever their own clocks show.
///
/// It is the clock of this machine and the difference between the two, which is measured now and then: the database
/// read its clock between the moments at which it was asked and at which it answered (Cristian, Probabilistic Clock
/// Synchronization, 1989). A difference that this does not contradict is kept, so the time does not jitter.
public final class DatabaseTime: TimeSource, Service {
    /// How often the clocks are compared.
    static let period = Duration.seconds(10)

    private let database: any Database
    private let machine: any TimeSource
    /// By how many microseconds the database is ahead.
    private let difference = Atomic<Int64>(0)
    private let gauge: Gauge

    /// Compares the clocks for the first time.
    ///
    /// - parameter machine: the clock of this machine.
    /// - throws: a ``Failure`` of the storage.
    public init(
        _ database: any Database, machine: any TimeSource = SystemTime(), metrics: MetricsRegistry
    ) async throws {
        self.database = database
        self.machine = machine
        gauge = metrics.gauge(
            "clock_difference_seconds", "How far the clock of the database is ahead of the one of this machine."
        ).with()
        try await compare()
    }

    public func now() -> Timestamp {
        Timestamp(microseconds: machine.now().microseconds + difference.load(ordering: .relaxed))
    }

    /// Compares the clocks until the service stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            // A cancellation ends the wait, and then the loop.
            while (try? await Task.sleep(for: Self.period)) != nil {
                // While the database is away, the difference is what it was.
                try? await compare()
            }
        }
    }

    /// Compares the clocks.
    func compare() async throws {
        let asked = machine.now()
        let clock = database.dialect.now(asked)
        let shown = try await database.read { try $0.first("SELECT \(clock)") { $0.integer(0) } }
        guard let shown else { return }
        let (least, most) = (shown - machine.now().microseconds, shown - asked.microseconds)
        let known = difference.load(ordering: .relaxed)
        // Who has stood still between the two moments learns nothing.
        guard least <= most else { return }
        if !(least...most).contains(known) { difference.store((least + most) / 2, ordering: .relaxed) }
        gauge.set(Double(difference.load(ordering: .relaxed)) / 1_000_000)
    }
}
