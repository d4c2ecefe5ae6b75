import Core
import NIOCore

/// A request on its way: who waits for the answer, and until when. It lives on its event loop.
final class PendingCall<Request: Sendable, Answer: Sendable> {
    let request: Request
    let startedAt: NIODeadline
    /// When the time is up: of the waiting first, then of what is waited for.
    private(set) var deadline: NIODeadline
    private let timeout: TimeAmount
    private let loop: any EventLoop
    /// What is being done, for the message when the time is up.
    var activity = "waiting for a connection"
    /// Takes it off whatever it waits for. It is called when nobody waits any longer, and not once there is an outcome.
    var onGiveUp: (() -> Void)?
    private var continuation: CheckedContinuation<Result<Answer, Failure>, Never>?
    private var timer: Scheduled<Void>?

    private init(
        _ request: Request, startedAt: NIODeadline, timeout: Duration, on loop: any EventLoop,
        continuation: CheckedContinuation<Result<Answer, Failure>, Never>
    ) {
        self.request = request
        self.startedAt = startedAt
        self.timeout = TimeAmount(timeout)
        self.loop = loop
        deadline = startedAt + self.timeout
        self.continuation = continuation
        arm()
    }

    private func arm() {
        timer?.cancel()
        timer = loop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            giveUp(.timeout(during: activity))
        }
    }

    /// What it has waited for is there: its time begins anew, because others have used up what has passed.
    func endWaiting() {
        guard !isOver else { return }
        deadline = .now() + timeout
        arm()
    }

    /// Whether there is an outcome.
    var isOver: Bool { continuation == nil }

    /// This is the outcome.
    func finish(_ result: Result<Answer, Failure>) {
        guard let continuation else { return }
        self.continuation = nil
        onGiveUp = nil
        timer?.cancel()
        timer = nil
        continuation.resume(returning: result)
    }

    /// Nobody waits any longer.
    func giveUp(_ failure: Failure) {
        let leave = onGiveUp
        finish(.failure(failure))
        leave?()
    }

    /// A call that may be cancelled before it is there.
    private struct Slot {
        var call: PendingCall?
        var isCancelled = false
    }

    /// Makes a call on an event loop, and returns its outcome. It ends with its task too.
    static func run(
        _ request: Request, startedAt: NIODeadline = .now(), timeout: Duration, on loop: any EventLoop,
        _ start: @escaping @Sendable (PendingCall) -> Void
    ) async -> Result<Answer, Failure> {
        let slot = NIOLoopBoundBox.makeBoxSendingValue(Slot(), eventLoop: loop)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.execute {
                    let call = PendingCall(
                        request, startedAt: startedAt, timeout: timeout, on: loop, continuation: continuation)
                    guard !slot.value.isCancelled else { return call.giveUp(.cancelled) }
                    slot.value.call = call
                    start(call)
                }
            }
        } onCancel: {
            loop.execute {
                slot.value.isCancelled = true
                slot.value.call?.giveUp(.cancelled)
            }
        }
    }
}
