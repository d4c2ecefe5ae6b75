import Core
import Outbound

extension SettingsValues {
    /// Settings that let this machine be sent to, however busy it is, and whatever else a test says.
    static func outbound(_ texts: [String: String] = [:]) throws -> SettingsValues {
        let loopback = ["outbound.allowed_networks": "127.0.0.0/8, ::1", "outbound.connect_timeout": "60000"]
        let registry = try SettingsRegistry(OutboundSettings.all)
        return try registry.values(
            from: [SettingsSource(name: "test", texts: loopback.merging(texts) { $1 })])
    }
}
