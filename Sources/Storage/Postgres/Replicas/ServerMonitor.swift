import Core
import Dispatch
import Foundation
import Synchronization

/// Asks a server again and again how far it has replayed, on a connection and a thread of its own.
final class ServerMonitor: Sendable {
    /// How often a server is asked.
    static let period = DispatchTimeInterval.milliseconds(50)
    /// How long it may take to answer, and to be connected to.
    static let patience = Duration.milliseconds(500)

    private let open: @Sendable () throws -> PostgresConnection
    private let report: @Sendable (Result<ReplicaRotation.Report, any Error>) -> Void
    private let isStopped = Atomic<Bool>(false)
    private let stopped = DispatchSemaphore(value: 0)

    /// - parameter report: is told each answer, and each time that none comes.
    init(
        _ open: @escaping @Sendable () throws -> PostgresConnection,
        report: @escaping @Sendable (Result<ReplicaRotation.Report, any Error>) -> Void
    ) {
        self.open = open
        self.report = report
        NamedThread.start("millrace-watch") { [self] in work() }
    }

    /// Ends the thread once the question that is being asked is answered.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        stopped.signal()
    }

    private func work() {
        var connection: PostgresConnection?
        while !isStopped.load(ordering: .relaxed) {
            let answer = Result {
                let current = try connection ?? open()
                connection = current
                return try Self.ask(current)
            }
            if case .failure = answer { connection = nil }
            report(answer)
            _ = stopped.wait(timeout: .now() + Self.period)
        }
    }

    private static func ask(_ connection: PostgresConnection) throws -> ReplicaRotation.Report {
        let start = ContinuousClock.now
        var answer: (system: Int64, location: Int64)?
        try connection.run(
            """
            SELECT system_identifier, COALESCE((pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint, 0)
            FROM pg_control_system()
            """
        ).forEachRow { row in
            answer = (row.integer(0), row.integer(1))
            return false
        }
        guard let answer else { throw Failure.storageUnreachable("it does not say how far it is") }
        return ReplicaRotation.Report(
            system: answer.system, location: WriteAheadLocation(answer.location),
            roundTrip: ContinuousClock.now - start)
    }
}
