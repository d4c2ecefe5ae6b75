import NIOCore

/// Runs the parts of a task on an event loop, where the task begins and ends anyway: each hop to a thread of the shared
/// pool and back costs more than looking up an idempotency key.
///
/// For tasks that never hold their thread up for long.
final class EventLoopTaskExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
