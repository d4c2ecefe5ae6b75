import API
import ChangeLog
import Core

extension ReadinessCheck {
    /// That an index has been made and is not far behind the log (`server.ready_lag`).
    ///
    /// - parameters:
    ///   - follower: leads the log to the index.
    ///   - isReady: whether the index has been made.
    static func following(
        _ follower: Follower, settings: SettingsValues, isReady: @escaping @Sendable () -> Bool
    ) -> ReadinessCheck {
        let limit = Int64(settings[ServerSettings.readyLag])
        return ReadinessCheck(follower.name) {
            let lag = follower.lag
            let details: [JSONObject.Member] = [
                .init("position", .integer(follower.position.value)), .init("lag", .integer(lag)),
            ]
            guard isReady() else {
                throw Failure(
                    .unavailable, code: "index_not_ready", "The index is being made anew; wait.", details: details)
            }
            guard lag <= limit else {
                throw Failure(
                    .unavailable, code: "follower_behind",
                    "The index is \(lag) changes behind the log, and server.ready_lag allows \(limit); wait.",
                    details: details)
            }
            return details
        }
    }
}
