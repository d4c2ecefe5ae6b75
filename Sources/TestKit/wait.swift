import Core

/// Waits until something holds that happens by itself.
///
/// - throws: ``Failure`` when it did not within two minutes.
public func wait(until holds: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw Failure.internal("It did not happen within two minutes.")
}
