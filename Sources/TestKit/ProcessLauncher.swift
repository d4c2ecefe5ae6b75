public import Foundation
import Synchronization

/// Starts processes one at a time: Foundation's `Process.run` reads beyond its memory now and then when several threads
/// are in it at once.
public enum ProcessLauncher {
    private static let turn = Mutex(())

    /// Starts a process.
    public static func run(_ process: Process) throws {
        try turn.withLock { _ in try process.run() }
    }
}
