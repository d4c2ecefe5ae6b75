import Core
import Foundation
public import Storage
import YAML

/// A file of observers: the definitions that it manages, and the statements that actions may run.
public struct ObserverFile: Sendable {
    /// The definitions, in their order.
    public let observers: [ObserverDefinition]
    /// The statements by name.
    public let statements: [String: NamedStatement]
    /// What is run whenever the file is taken over, such as `CREATE TABLE IF NOT EXISTS`.
    public let setup: [NamedStatement]

    /// How many statements a file may run as it is taken over.
    private static let setupLimit = 100

    /// Reads a file and checks all of it.
    ///
    /// - throws: ``Failure`` `file_unreadable`, `invalid_file`, `invalid_request` with each thing that is wrong.
    public init(path: String, checks: DefinitionChecks = .none) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(
                .invalid, code: "file_unreadable", "The file of observers \(path) cannot be read. Does it exist?")
        }
        guard data.count <= YAMLDocument.sizeLimit else {
            throw Failure(
                .tooLarge, code: "invalid_file",
                "The file of observers \(path) is larger than \(YAMLDocument.sizeLimit) bytes.")
        }
        try self.init(text: String(decoding: data, as: UTF8.self), checks: checks)
    }

    /// Reads the text of a file.
    init(text: String, checks: DefinitionChecks = .none) throws {
        let document = try YAMLDocument.parse(text)
        let (definitions, named, setup) = try JSONFields.read(document) { fields in
            let statements = Self.readStatements(&fields)
            let setup = Self.readSetup(&fields)
            let observers = fields.optionalObjects("observers", count: 0...Observers.countLimit) {
                ObserverDefinition(&$0)
            }
            // A file that is just being written may be empty, and yet no YAML is wrong.
            if observers == nil, !fields.has("observers") {
                fields.reject("observers", "The list is missing. Write observers: [] when there are to be none.")
            }
            return (observers ?? [], statements, setup)
        }
        let names = definitions.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw Failure.invalid(at: "/observers", "Two observers are called \(twice).")
        }
        let parameters = named.mapValues { Set($0.parameters) }
        let checks = DefinitionChecks(catalogs: checks.catalogs, lookups: checks.lookups) { parameters }
        let problems = definitions.enumerated().flatMap { index, definition in
            checks.problems(of: definition, for: .first).map {
                Failure.FieldError(pointer: "/observers/\(index)\($0.pointer)", message: $0.message)
            }
        }
        guard problems.isEmpty else {
            throw Failure(
                .invalid, code: "invalid_request",
                "The file refers to what there is not, or what it may not use; see errors.",
                errors: problems)
        }
        observers = definitions
        statements = named
        self.setup = setup
    }

    private static func readSetup(_ fields: inout JSONFields) -> [NamedStatement] {
        let texts = fields.optionalStrings("setup", count: 0...setupLimit, length: 1...65_536) ?? []
        return texts.compactMap { text in
            do {
                let statement = try NamedStatement(text)
                if !statement.parameters.isEmpty { fields.reject("setup", "Statements of setup have no parameters.") }
                return statement
            } catch {
                fields.reject("setup", error.explanation)
                return nil
            }
        }
    }

    private static func readStatements(_ fields: inout JSONFields) -> [String: NamedStatement] {
        guard let tree = fields.optionalTree("statements") else { return [:] }
        var statements: [String: NamedStatement] = [:]
        for member in tree.members {
            guard case .string(let text) = member.value else {
                fields.reject("statements", "\(member.name) must be a text of SQL.")
                continue
            }
            do {
                statements[member.name] = try NamedStatement(text)
            } catch {
                fields.reject("statements", "\(member.name): \(error.explanation)")
            }
        }
        return statements
    }
}
