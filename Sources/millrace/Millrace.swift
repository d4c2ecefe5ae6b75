import ArgumentParser
import Core
import Foundation

/// The command line: one verb a file.
@main struct Millrace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millrace",
        abstract: "Orders, stock and more on one durable change log.",
        version: Version.current,
        subcommands: [
            Serve.self, Bench.self, ImportFile.self, Migrate.self, Keys.self, Config.self, Status.self, Metrics.self,
            Observers.self, DebugEvent.self, DeadLetterQueue.self, MemoriesCommand.self, Recommend.self,
            ValidateConfig.self,
        ])

    /// Runs a verb. A failure is one line on standard error and status 1; wrong usage is status 64.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            FileHandle.standardError.write(Data((failure.commandLineText + "\n").utf8))
            Foundation.exit(1)
        } catch {
            exit(withError: error)
        }
    }
}

extension Failure {
    /// The failure for people at a terminal: what is wrong, then each place.
    var commandLineText: String {
        let reason = kind == .internal ? cause.map { " (\($0))" } ?? "" : ""
        let places = errors.map { "\n  \($0.pointer): \($0.message)" }.joined()
        return "millrace: \(message)\(reason)\(places)"
    }
}
