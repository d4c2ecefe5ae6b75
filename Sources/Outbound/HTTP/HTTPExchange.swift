import Core
import NIOCore

/// One request on its way: who waits for its answer, and until when. It lives on its event loop.
final class HTTPExchange {
    let request: HTTPRequest
    let startedAt: NIODeadline
    let deadline: NIODeadline
    /// What it is doing, for the message when its time is up.
    var activity = "waiting for a connection"
    /// Takes it off whatever it is waiting for.
    var onGiveUp: (() -> Void)?
    private var continuation: CheckedContinuation<Result<HTTPAnswer, Failure>, Never>?
    private var timer: Scheduled<Void>?

    init(
        _ request: HTTPRequest, startedAt: NIODeadline, on loop: any EventLoop,
        continuation: CheckedContinuation<Result<HTTPAnswer, Failure>, Never>
    ) {
        self.request = request
        self.startedAt = startedAt
        deadline = startedAt + TimeAmount(request.timeout)
        self.continuation = continuation
        timer = loop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            giveUp(.timeout(during: activity))
        }
    }

    /// Whether it has an outcome.
    var isOver: Bool { continuation == nil }

    /// It has its outcome.
    func finish(_ result: Result<HTTPAnswer, Failure>) {
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
}
