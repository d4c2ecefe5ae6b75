import ArgumentParser
import Core
import Foundation
import Server

/// What several verbs take about settings.
struct SettingsOptions: ParsableArguments {
    @Option(help: "The file of settings; millrace.yaml here or in the data directory by default.")
    var config: String?

    @Option(name: .customLong("set"), help: "A setting as name=value; may be repeated. See `millrace config list`.")
    var assignments: [String] = []

    /// The values of all settings.
    ///
    /// - parameter flags: what other flags say.
    func load(dataDirectory: String?, flags: [String: String] = [:]) throws -> SettingsValues {
        let environment = ProcessInfo.processInfo.environment
        var texts = flags
        for assignment in assignments {
            guard let sign = assignment.firstIndex(of: "=") else {
                throw ValidationError("\"\(assignment)\" is no setting. Write --set name=value.")
            }
            texts[String(assignment[..<sign])] = String(assignment[assignment.index(after: sign)...])
        }
        let loader = SettingsLoader(registry: try AllSettings.registry(), environment: environment)
        let given = config ?? environment["MILLRACE_CONFIG"]
        return try loader.load(
            file: SettingsLoader.file(given: given, dataDirectory: dataDirectory), flags: texts)
    }
}

/// The environment's part in the options.
enum Environment {
    static func value(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The settings of a data directory, for verbs that take none on the command line.
    static func settings(of dataDirectory: String) throws -> SettingsValues {
        let environment = ProcessInfo.processInfo.environment
        let file = SettingsLoader.file(given: value("MILLRACE_CONFIG"), dataDirectory: dataDirectory)
        return try SettingsLoader(registry: try AllSettings.registry(), environment: environment).load(file: file)
    }

    /// The directory that holds the files when nobody gives another.
    static let defaultDataDirectory = "millrace-data"
}
