import Dispatch

/// Runs the parts of a task on threads of Dispatch, since they read and write files for long and would hold up the
/// threads that all tasks share.
public final class BackgroundExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "millrace-background", qos: .utility, attributes: .concurrent)

    /// The one of the process.
    public static let shared = BackgroundExecutor()

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
