import Core
import Storage
import Synchronization

/// The statements that actions may run, by name. The file of observers has them: who may write it may do anything with
/// the database, and who may use the API only what is named there.
final class NamedStatements: Sendable {
    private let statements = Mutex<[String: NamedStatement]>([:])
    /// How long one may run, and those of one transaction together, roughly.
    let timeout: Duration

    init(timeout: Duration) {
        self.timeout = timeout
    }

    /// Puts others in the place of all, and returns those that were there.
    @discardableResult
    func replace(by named: [String: NamedStatement]) -> [String: NamedStatement] {
        statements.withLock { statements in
            defer { statements = named }
            return statements
        }
    }

    /// The parameters of each, by its name.
    var parameters: [String: Set<String>] {
        statements.withLock { $0.mapValues { Set($0.parameters) } }
    }

    /// Each of many has a part of the time of one, so that all of them do not take many times as long.
    private static let togetherShare = 20

    /// Runs many statements with values, together where the database is on another machine: all of them, or none.
    ///
    /// - throws: whatever one of them fails by; which one it is nobody knows.
    func runAll(
        _ calls: [(name: String, parameters: [(name: String, value: SQLValue)])], in transaction: any WriteTransaction
    ) throws {
        let bound = try calls.map { try bind($0.name, $0.parameters) }
        try transaction.attempt(within: timeout / Self.togetherShare) {
            for statement in bound { try transaction.enqueue(statement) }
        }
    }

    /// Runs a statement with values.
    ///
    /// - throws: ``DeliveryFailure``, or what ends the whole transaction.
    func run(
        _ name: String, _ values: [(name: String, value: SQLValue)], in transaction: any WriteTransaction
    ) throws {
        let statement = try bind(name, values)
        do {
            _ = try transaction.attempt(within: timeout) { try transaction.execute(statement) }
        } catch let violation as ConstraintViolation {
            throw DeliveryFailure(
                reason: "constraint", message: "The statement \(name) breaks a constraint: \(violation.detail)",
                isPermanent: true)
        } catch let failure as Failure where failure.kind == .timeout && transaction.isRemote {
            throw tookTooLong(name)
        } catch let failure as Failure where failure.code == "storage_busy" {
            throw DeliveryFailure(
                reason: "statement_busy", message: "The statement \(name) waits for what others have locked.")
        } catch let failure as Failure where Self.isOwn(failure) {
            throw DeliveryFailure(
                reason: "statement_failed", message: "The statement \(name) failed: \(failure)", isPermanent: true)
        }
    }

    /// The failure of a statement that took longer than it may. An embedded engine ends the whole transaction with it.
    ///
    /// - parameter retryAfter: how many seconds the database asks to wait.
    func tookTooLong(_ name: String, retryAfter: Int? = nil) -> DeliveryFailure {
        DeliveryFailure(
            reason: "statement_timeout",
            message: "The statement \(name) took longer than \(timeout). Make it shorter, or raise "
                + "observers.statement_timeout.",
            retryAfter: retryAfter)
    }

    /// Whether a failure is one of the statement itself, and not of the database.
    private static func isOwn(_ failure: Failure) -> Bool {
        failure.kind == .internal || failure.kind == .invalid || failure.code == "storage_forbidden"
    }

    private func bind(_ name: String, _ values: [(name: String, value: SQLValue)]) throws -> SQL {
        guard let statement = statements.withLock({ $0[name] }) else {
            throw DeliveryFailure(
                reason: "unknown_statement", message: "The file of observers has no statement \(name).",
                isPermanent: true)
        }
        return statement.bind(values)
    }
}
