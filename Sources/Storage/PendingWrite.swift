import Core

/// A write that waits to share a commit with others.
protocol PendingWrite: Sendable {
    /// Runs the closure and keeps its result.
    func run(in transaction: any WriteTransaction) throws
    /// Tells the caller of the failure, or of the result when there is none.
    func finish(_ failure: (any Error)?)
}

/// A write with the type of its result.
///
/// The thread that commits alone touches `result`, between ``run(in:)`` and ``finish(_:)``.
final class PendingWriteOf<T: Sendable>: PendingWrite, @unchecked Sendable {
    private let body: @Sendable (any WriteTransaction) throws -> T
    private let continuation: CheckedContinuation<T, any Error>
    private var result: T?

    init(body: @escaping @Sendable (any WriteTransaction) throws -> T, continuation: CheckedContinuation<T, any Error>)
    {
        self.body = body
        self.continuation = continuation
    }

    func run(in transaction: any WriteTransaction) throws {
        result = try body(transaction)
    }

    func finish(_ failure: (any Error)?) {
        if let failure {
            continuation.resume(throwing: failure)
        } else if let result {
            continuation.resume(returning: result)
        } else {
            continuation.resume(throwing: Failure.internal("A write was answered before it ran."))
        }
    }
}

/// A write failed after it had changed something, and has no savepoint to go back to.
struct SavepointNeeded: Error {}
