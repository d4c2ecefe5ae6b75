import Foundation
import Synchronization

/// Hears the notifications of a channel on a connection and a thread of its own (`LISTEN`).
final class PostgresListener: Sendable {
    private let channel: String
    private let open: @Sendable () throws -> PostgresConnection
    private let isStopped = Atomic<Bool>(false)

    /// How long it waits for a notification before it looks whether it shall stop.
    private static let period = Duration.milliseconds(500)

    init(_ channel: String, open: @escaping @Sendable () throws -> PostgresConnection) {
        self.channel = channel
        self.open = open
    }

    /// The notifications from now on. Those that nobody took yet count as one.
    func stream() -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            continuation.onTermination = { [self] _ in isStopped.store(true, ordering: .relaxed) }
            NamedThread.start("millrace-listen") { [self] in work(continuation) }
        }
    }

    private func work(_ continuation: AsyncStream<Void>.Continuation) {
        while !isStopped.load(ordering: .relaxed) {
            do {
                let connection = try open()
                try connection.run(SQL(trusted: "LISTEN \(channel)"))
                while !isStopped.load(ordering: .relaxed) {
                    if try connection.waitForNotification(atMost: Self.period) { continuation.yield() }
                }
            } catch {
                // Whoever listens looks by themselves meanwhile, so nothing is lost but time.
                Thread.sleep(forTimeInterval: 0.5)
            }
        }
        continuation.finish()
    }
}
