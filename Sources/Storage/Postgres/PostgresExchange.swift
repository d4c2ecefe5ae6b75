import Core

/// The statements of one transaction and their answers.
///
/// A statement whose outcome nobody needs yet waits to be sent together with the next one, so a transaction costs as
/// many round trips as it has questions, and one for its end.
final class PostgresExchange {
    /// What to do with an answer.
    private struct Expected {
        let insertsNewKeys: Bool
        let handler: (PostgresResult) -> Void

        /// The conflict that a failure is, if it is that a new key is taken.
        func conflict(_ failure: any Error) -> TransactionConflict? {
            guard insertsNewKeys, let violation = failure as? ConstraintViolation, violation.kind == .unique else {
                return nil
            }
            return TransactionConflict(message: "\(violation.detail) is taken")
        }
    }

    let connection: PostgresConnection
    /// The answers that are still to come, in their order.
    private var expected: [Expected] = []
    /// Why the transaction is lost, if it is.
    private(set) var failure: (any Error)?
    /// Whether the end of the transaction was sent.
    private(set) var hasSentEnd = false

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// Sends a statement with the next one that is asked.
    ///
    /// - parameter insertsNewKeys: whether a key that is taken is a conflict, after which the transaction runs again.
    func enqueue(
        _ sql: SQL, insertsNewKeys: Bool = false, then handler: @escaping (PostgresResult) -> Void = { _ in }
    ) throws {
        if let failure { throw Self.lost(failure) }
        try connection.send(sql)
        expected.append(Expected(insertsNewKeys: insertsNewKeys, handler: handler))
    }

    /// Sends a statement and waits for its answer.
    func ask(_ sql: SQL) throws -> PostgresResult {
        var answer: PostgresResult?
        try enqueue(sql) { answer = $0 }
        try settle()
        guard let answer else { throw Failure.internal("A statement has no answer: \(sql.text)") }
        return answer
    }

    /// Waits for the answers to all that was sent.
    ///
    /// - throws: the first failure among them.
    func settle() throws {
        guard !expected.isEmpty else { return }
        // After a sync, and not after a mere request for the answers, the server notes that it waits for us within a
        // transaction. So it ends the transaction when we are gone (`PostgresOptions.idleInTransactionTimeout`).
        try connection.sendSync()
        try receive()
        _ = try connection.nextAnswer()
    }

    /// Ends the transaction by a statement and waits until that is done.
    func end(_ sql: SQL) throws {
        if let failure { throw Self.lost(failure) }
        try connection.send(sql)
        expected.append(Expected(insertsNewKeys: false) { _ in })
        try connection.sendSync()
        hasSentEnd = true
        try receive()
        _ = try connection.nextAnswer()
    }

    /// Undoes the statements since a savepoint of this name, after which the transaction goes on.
    func undo(to savepoint: StaticString) throws {
        try drain()
        do {
            try connection.run(SQL(trusted: "ROLLBACK TO SAVEPOINT \(savepoint)"))
        } catch {
            // Without its savepoint the transaction is lost, and COMMIT would undo it without a word.
            failure = failure ?? error
            throw error
        }
        failure = nil
    }

    /// Undoes everything. A connection on which that fails is not used again.
    func undoAll() {
        guard !connection.isBroken else { return }
        do {
            try drain()
            if connection.isInTransaction { try connection.run("ROLLBACK") }
        } catch {
            connection.abandon()
        }
    }

    /// Takes the answers that are still to come, whatever they are, so that the connection is ready for what is next.
    private func drain() throws {
        if !hasSentEnd || connection.unanswered == 0 { try connection.sendSync() }
        while connection.unanswered > 0 { _ = try connection.nextAnswer() }
        expected = []
        hasSentEnd = false
    }

    /// Takes an answer for each handler. After a failure the server skips the statements that were sent with it.
    private func receive() throws {
        let expected = expected
        self.expected = []
        for answer in expected {
            switch try connection.nextAnswer() {
            case .result(let result): answer.handler(result)
            case .failure(let error):
                let failure = answer.conflict(error) ?? error
                self.failure = failure
                throw failure
            case .skipped, .synced: throw Failure.internal("An answer is missing in the middle of a transaction.")
            }
        }
    }

    /// A closure that goes on after a failure gets nowhere: PostgreSQL refuses the rest of the transaction.
    private static func lost(_ failure: any Error) -> Failure {
        .internal("The transaction was lost by an earlier statement of it: \(failure)")
    }
}
