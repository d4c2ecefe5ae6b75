import Configuration
public import Core
import Foundation
import Observers
import Synchronization

/// Reads the settings from where people put them: defaults, then the file, the environment and the command line, each
/// prevailing over those before it.
public struct SettingsLoader: Sendable {
    /// Every setting that exists.
    public let registry: SettingsRegistry
    private let environment: [String: String]

    /// Variables of the environment that begin like a setting and are none. Neither are the secrets of observers, whose
    /// names begin with ``Observers/SecretText/variablePrefix``.
    public static let otherVariables: Set<String> = [
        "MILLRACE_ADMIN_KEY", "MILLRACE_CONFIG", "MILLRACE_DATA", "MILLRACE_KEY", "MILLRACE_SERVER",
    ]
    /// The name of the file when nobody gives another.
    public static let fileName = "millrace.yaml"
    /// How large a file of settings may be, in bytes.
    public static let fileSizeLimit = 1 << 20

    /// A loader for the settings of a registry.
    public init(registry: SettingsRegistry, environment: [String: String]) {
        self.registry = registry
        self.environment = environment
    }

    /// The value of every setting.
    ///
    /// - parameter file: a file that must be there, or nil for none.
    /// - parameter flags: what the command line says, by the names of the settings.
    /// - throws: ``Failure`` `invalid_settings` that names every unknown name and every wrong value of all sources,
    ///   `settings_file_unreadable` when the file cannot be read as YAML.
    public func load(file: String?, flags: [String: String] = [:]) throws -> SettingsValues {
        var sources: [SettingsSource] = []
        if let file { sources.append(try source(file: file)) }
        sources.append(environmentSource())
        sources.append(SettingsSource(name: "flag", texts: flags))
        return try registry.values(from: sources)
    }

    /// The file to read: the one that is given, or else the first of the usual ones that is there.
    public static func file(given: String?, dataDirectory: String?) -> String? {
        if let given { return given }
        let places = [fileName] + (dataDirectory.map { ["\($0)/\(fileName)"] } ?? [])
        return places.first { FileManager.default.fileExists(atPath: $0) }
    }

    /// The variable of the environment that sets a setting: `MILLRACE_STORAGE_READERS` for `storage.readers`.
    public static func variable(of name: String) -> String {
        "MILLRACE_" + name.uppercased().replacing(".", with: "_")
    }

    private func environmentSource() -> SettingsSource {
        let reader = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment))
            .scoped(to: "millrace")
        var texts: [String: String] = [:]
        var variables = Self.otherVariables
        for setting in registry.settings {
            variables.insert(Self.variable(of: setting.name))
            texts[setting.name] = reader.string(forKey: ConfigKey(setting.name))
        }
        for (variable, text) in environment where variable.hasPrefix("MILLRACE_") && !variables.contains(variable) {
            // The secrets of observers have names that the operator chooses.
            if !variable.hasPrefix(SecretText.variablePrefix) { texts[variable] = text }
        }
        return SettingsSource(name: "environment", texts: texts)
    }

    private func source(file: String) throws -> SettingsSource {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Self.unreadable(file, "there is no such file, or it may not be read")
        }
        guard data.count <= Self.fileSizeLimit else {
            throw Self.unreadable(file, "it is larger than \(Self.fileSizeLimit) bytes")
        }
        guard Self.hasContent(String(decoding: data, as: UTF8.self)) else {
            return SettingsSource(name: file, texts: [:])
        }
        let found = FoundKeys()
        do {
            let options = YAMLSnapshot.ParsingOptions(
                secretsSpecifier: .dynamic { key, _ in
                    found.insert(key)
                    return false
                })
            let bytes = Array(data)
            let snapshot = try YAMLSnapshot(data: bytes.span.bytes, providerName: file, parsingOptions: options)
            var texts: [String: String] = [:]
            for key in found.all { texts[key] = "" }
            for setting in registry.settings where texts[setting.name] != nil {
                let key = AbsoluteConfigKey(ConfigKey(setting.name))
                texts[setting.name] = try Self.text(of: key, in: snapshot)
            }
            return SettingsSource(name: file, texts: texts)
        } catch {
            throw Self.unreadable(file, "\(error)")
        }
    }

    /// The text of a value; a list is its texts with commas between.
    private static func text(of key: AbsoluteConfigKey, in snapshot: YAMLSnapshot) throws -> String? {
        do {
            let value = try snapshot.value(forKey: key, type: .string).value
            if case .string(let text) = value?.content { return text }
        } catch {
            let value = try snapshot.value(forKey: key, type: .stringArray).value
            if case .stringArray(let texts) = value?.content { return texts.joined(separator: ",") }
        }
        return nil
    }

    /// Whether a file says anything: one of comments alone is no YAML mapping, yet a fine file of settings.
    private static func hasContent(_ text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains { line in
            let text = line.drop(while: \.isWhitespace)
            return !text.isEmpty && !text.hasPrefix("#") && text != "---"
        }
    }

    private static func unreadable(_ file: String, _ reason: String) -> Failure {
        let line = reason.split(whereSeparator: \.isNewline).joined(separator: " ")
        return Failure(
            .invalid, code: "settings_file_unreadable",
            "The settings in \(file) cannot be read: \(line). Write them as YAML, for example `server: {port: 8080}`.")
    }
}

/// The keys of a file. The provider shows each of them to its specifier of secrets, and has no other list of them.
private final class FoundKeys: Sendable {
    private let keys = Mutex<[String]>([])

    var all: [String] { keys.withLock { $0 } }

    func insert(_ key: String) {
        keys.withLock { $0.append(key) }
    }
}
