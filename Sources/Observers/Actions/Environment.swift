import Core
import Foundation

/// Secrets that stand in the environment of the server instead of in definitions.
enum Environment {
    /// A text, or what the variable holds that it names as `env:NAME`.
    ///
    /// - throws: ``Failure`` `secret_missing` when there is no such variable.
    static func resolve(_ text: String) throws -> String {
        guard text.hasPrefix(Secret.environmentPrefix) else { return text }
        let name = String(text.dropFirst(Secret.environmentPrefix.count))
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
            throw Failure(
                .invalid, code: "secret_missing",
                "The variable \(name) is not set in the environment of the server. Set it and start the server again.")
        }
        return value
    }
}
