public import Core
import Foundation
import Observers
import YAML

/// A file that a server reads when it starts, checked without one: its settings or its observers.
public struct ConfigurationFile: Sendable {
    /// What a file is for.
    public enum Kind: String, Sendable {
        /// `millrace.yaml`.
        case settings
        /// The file of `observers.file`.
        case observers
    }

    /// What it is for, by its keys: a list `observers`, `statements` or `setup` makes it a file of observers.
    public let kind: Kind
    /// How many observers it has.
    public let observerCount: Int
    /// How many statements it has.
    public let statementCount: Int

    /// Reads a file and checks all of it.
    ///
    /// - parameter settings: gives those of the server that a file of observers is for.
    /// - throws: ``Failure`` `invalid_file`, `invalid_settings`, `invalid_observers` with each thing that is wrong and
    ///   its place, `settings_file_unreadable`.
    public init(path: String, for settings: () throws -> SettingsValues) throws {
        kind = try Self.kind(path)
        switch kind {
        case .settings:
            observerCount = 0
            statementCount = 0
            do {
                // What the environment says is another matter, and wrong values of it are no fault of the file.
                _ = try SettingsLoader(registry: AllSettings.registry(), environment: [:]).load(file: path)
            } catch let failure as Failure where !failure.errors.isEmpty {
                throw Self.failure(failure, of: .settings, path: path)
            }
        case .observers:
            do {
                let file = try ObserverFile(path: path, checks: ServerObservers.checks(settings()))
                observerCount = file.observers.count
                statementCount = file.statements.count
            } catch let failure as Failure {
                throw Self.failure(failure, of: .observers, path: path)
            }
        }
    }

    private static func kind(_ path: String) throws -> Kind {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(
                .invalid, code: "invalid_file", "\(path) cannot be read. Does it exist, and may you read it?")
        }
        guard data.count <= YAMLDocument.sizeLimit else {
            throw Failure(.tooLarge, code: "invalid_file", "\(path) is larger than \(YAMLDocument.sizeLimit) bytes.")
        }
        guard case .object(let members) = try YAMLDocument.parse(String(decoding: data, as: UTF8.self)) else {
            throw Failure(.invalid, code: "invalid_file", "\(path) is no YAML mapping of names to values.")
        }
        if members["statements"] != nil || members["setup"] != nil { return .observers }
        // The settings of observers stand under the same name, as a mapping.
        if case .array? = members["observers"] { return .observers }
        return .settings
    }

    /// The failure of a file: what is wrong with the request that it is not, told of the lines of the file that it is.
    static func failure(_ failure: Failure, of kind: Kind, path: String) -> Failure {
        let lines = FileManager.default.contents(atPath: path).map { YAMLLines(String(decoding: $0, as: UTF8.self)) }
        let errors = failure.errors.map { error in
            // A setting is named by the names of its levels with points between.
            let place = kind == .settings ? "/" + error.pointer.replacing(".", with: "/") : error.pointer
            let line = lines?[place].map { "line \($0): " } ?? ""
            return Failure.FieldError(pointer: error.pointer, message: line + error.message)
        }
        let reason = errors.isEmpty ? ": \(failure.message)" : "."
        return Failure(
            failure.kind, code: "invalid_\(kind.rawValue)",
            "The file of \(kind.rawValue) \(path) is not acceptable\(reason)", errors: errors)
    }
}
