import Core
import Storage
import Synchronization

/// The statements that actions may run, by name. The file of observers has them: who may write it may do anything with
/// the database, and who may use the API only what is named there.
final class NamedStatements: Sendable {
    private let statements = Mutex<[String: NamedStatement]>([:])

    /// Puts others in the place of all.
    func replace(by named: [String: NamedStatement]) {
        statements.withLock { $0 = named }
    }

    /// The parameters of each, by its name.
    var parameters: [String: Set<String>] {
        statements.withLock { $0.mapValues { Set($0.parameters) } }
    }

    /// Runs many statements with values, together where the database is on another machine.
    ///
    /// - throws: whatever one of them fails by; which one it is nobody knows.
    func runAll(
        _ calls: [(name: String, parameters: [(name: String, value: SQLValue)])], in transaction: any WriteTransaction
    ) throws {
        let known = statements.withLock { $0 }
        for call in calls {
            guard let statement = known[call.name] else {
                throw DeliveryFailure(
                    reason: "unknown_statement", message: "The file of observers has no statement \(call.name).",
                    isPermanent: true)
            }
            try transaction.enqueue(statement.bind(call.parameters))
        }
    }

    /// Runs a statement with values.
    ///
    /// - throws: ``DeliveryFailure``, or what ends the whole transaction.
    func run(
        _ name: String, _ values: [(name: String, value: SQLValue)], in transaction: any WriteTransaction
    ) throws {
        guard let statement = statements.withLock({ $0[name] }) else {
            throw DeliveryFailure(
                reason: "unknown_statement", message: "The file of observers has no statement \(name).",
                isPermanent: true)
        }
        do {
            try transaction.execute(statement.bind(values))
        } catch let violation as ConstraintViolation {
            throw DeliveryFailure(
                reason: "constraint", message: "The statement \(name) breaks a constraint: \(violation.detail)",
                isPermanent: true)
        } catch let failure as Failure where failure.kind == .internal || failure.kind == .invalid {
            throw DeliveryFailure(
                reason: "statement_failed", message: "The statement \(name) failed: \(failure)", isPermanent: true)
        }
    }
}
