import Foundation
import TestKit

/// How much observers and graphs are made to bear: little enough for each change of the code, or all that is
/// promised, which `MILLRACE_FAULTS=full` in the environment asks for.
enum FaultScale {
    static let isFull = ProcessInfo.processInfo.environment["MILLRACE_FAULTS"] == "full"
    /// How many changes are made in all while servers are killed.
    static let changes = isFull ? 100_000 : 20_000
    /// How long a foreign transaction stays open.
    static let openTransaction = Duration.seconds(isFull ? 60 : 4)

    /// How often a server is killed meanwhile.
    static func kills(_ engine: TestStore.Engine) -> Int { isFull || engine == .sqlite ? 50 : 15 }
}
