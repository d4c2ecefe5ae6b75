import Dispatch
import Foundation
import Synchronization

/// The thread that copies the write-ahead log into the main file while the writer goes on.
final class SQLiteCheckpointer: Sendable {
    private struct State {
        var policy = CheckpointPolicy()
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let stopped = DispatchSemaphore(value: 0)
    private let connection: SQLiteConnection
    private let readers: SQLiteReaders

    /// - parameter connection: one of its own, which may write.
    init(connection: SQLiteConnection, readers: SQLiteReaders) {
        self.connection = connection
        self.readers = readers
        NamedThread.start("millrace-chkpt") { [self] in work() }
    }

    /// The writer has committed, and the log has so many pages.
    ///
    /// - returns: whether the writer shall copy the rest of the log now.
    func committed(pages: Int) -> Bool {
        switch state.withLock({ $0.policy.committed(pages: pages) }) {
        case .nothing: return false
        case .finish: return true
        case .copyBeside:
            wake.signal()
            return false
        }
    }

    /// Copies what the readers allow of the log, on the calling thread. Returns how many pages of it are copied in all.
    @discardableResult
    func copyLog(through connection: SQLiteConnection) -> Int {
        readers.endIdleSnapshots()
        // A copy that fails leaves the log as it is, durable; the next commit asks for another.
        let copied = (try? connection.copyLog()) ?? 0
        // A snapshot that began before the end of the copy would keep the log from beginning again.
        readers.endIdleSnapshots()
        return copied
    }

    /// Ends the thread and waits for its end, which a copy in progress delays.
    func close() async {
        stop()
        await stopped.waitForAll()
    }

    /// Tells the thread to end.
    func stop() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    private func work() {
        while true {
            wake.wait()
            if state.withLock({ $0.isClosed }) { break }
            let copied = copyLog(through: connection)
            state.withLock { $0.policy.copied(pages: copied) }
        }
        stopped.signal()
    }
}
