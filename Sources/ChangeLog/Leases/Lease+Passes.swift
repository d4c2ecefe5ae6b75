import Core
import Logging
import ServiceLifecycle

extension Lease {
    /// What a pass over the work has left.
    public enum Remainder: Sendable {
        /// There may be more to do at once.
        case more
        /// There is nothing more to do for now.
        case done
    }

    /// Sweeps until the server stops, while the lease is held: again at once where there was something, else after a
    /// rest.
    ///
    /// - parameters:
    ///   - rest: how long to rest after a sweep that finds nothing or fails.
    ///   - clock: by what it rests.
    ///   - sweep: does some of the work and returns how much. Failures are as those of a pass.
    public func sweep(
        resting rest: Duration, clock: any Clock<Duration>,
        _ sweep: @escaping @Sendable (LeaseGrant) async throws -> Int
    ) async {
        await cancelWhenGracefulShutdown {
            await self.hold(resting: rest, clock: clock) { try await sweep($0) == 0 ? .done : .more }
        }
    }

    /// Passes over some work again and again while the lease is held. See ``hold(_:)``.
    ///
    /// - parameters:
    ///   - rest: how long to rest after a pass that leaves nothing or fails.
    ///   - clock: by what it rests.
    ///   - pass: does some of the work. A failure is logged and tried again; `lease_lost` ends the holding.
    public func hold(
        resting rest: Duration, clock: any Clock<Duration> = ContinuousClock(),
        _ pass: @escaping @Sendable (LeaseGrant) async throws -> Remainder
    ) async {
        await hold { [self] grant in
            while !Task.isCancelled {
                do {
                    if try await pass(grant) == .more { continue }
                } catch is CancellationError {
                    return
                } catch let failure as Failure where failure.code == Failure.leaseLostCode {
                    return
                } catch {
                    logger.warning("background work failed and will try again", metadata: ["error": "\(error)"])
                }
                // A cancelled rest ends the loop.
                guard (try? await clock.sleep(for: rest)) != nil else { return }
            }
        }
    }
}
