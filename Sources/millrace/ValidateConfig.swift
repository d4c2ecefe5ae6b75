import ArgumentParser
import Core
import Server

/// `millrace validate-config`: whether a server would take a file of observers or of settings.
struct ValidateConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate-config",
        abstract: "Checks a file of observers or a millrace.yaml, and tells each error with its place.",
        discussion: """
            A list `observers` or a mapping `statements` makes it a file of observers; anything else is one of \
            settings. Needs no server. Ends with status 1 when a server would refuse the file.
            """)

    @Argument(help: "The file.") var file: String
    @Option(help: "text or json") var format = Config.Format.text
    @OptionGroup var options: SettingsOptions

    func run() throws {
        do {
            let checked = try ConfigurationFile(path: file) {
                try options.load(dataDirectory: Environment.value("MILLRACE_DATA"))
            }
            format.print(report(checked.kind.rawValue, []), ["OK: \(Self.summary(checked))"])
        } catch let failure as Failure where format == .json {
            let errors = failure.errors.isEmpty ? [.init(pointer: "", message: failure.message)] : failure.errors
            format.print(report(failure.code, errors), [])
            throw ExitCode(1)
        }
    }

    private static func summary(_ file: ConfigurationFile) -> String {
        switch file.kind {
        case .settings: "settings"
        case .observers: "\(file.observerCount) observers, \(file.statementCount) statements"
        }
    }

    private func report(_ what: String, _ errors: [Failure.FieldError]) -> JSONValue {
        let places = errors.map { error in
            JSONValue.object(
                JSONObject([.init("pointer", .string(error.pointer)), .init("detail", .string(error.message))]))
        }
        return .object(
            JSONObject([
                .init("file", .string(file)), .init("valid", .bool(errors.isEmpty)),
                .init(errors.isEmpty ? "kind" : "code", .string(what)), .init("errors", .array(places)),
            ]))
    }
}
