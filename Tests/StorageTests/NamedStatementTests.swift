import Core
import Storage
import Testing

/// Statements that somebody other than our own code has written.
@Suite struct NamedStatementTests {
    @Test func parametersAreNamedAndCastsAreNot() throws {
        let statement = try NamedStatement("UPDATE t SET a = :a, b = ':no' WHERE c = :c::text AND d = :a;")
        #expect(statement.parameters == ["a", "c"])
    }

    @Test(
        arguments: [
            "", " ; ", "SELECT 1; SELECT 2", "SELECT ?", "SELECT :", "COMMIT", "rollback to x", "Savepoint s",
            "INSERT OR ROLLBACK INTO t VALUES (1)", "update or  rollback t set a = 1",
        ])
    func whatWouldEndTheTransactionOrIsNoOneStatementIsRefused(_ text: String) {
        let failure = #expect(throws: Failure.self) { try NamedStatement(text) }
        #expect(failure?.code == "invalid_statement")
    }
}
