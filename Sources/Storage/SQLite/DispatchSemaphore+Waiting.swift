import Dispatch

extension DispatchSemaphore {
    /// Waits for a signal on a thread of Dispatch, so that no task is held up, and passes it on to the next who waits.
    func waitForAll() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                wait()
                signal()
                continuation.resume()
            }
        }
    }
}
