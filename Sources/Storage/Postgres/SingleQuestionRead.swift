import Core

/// Runs the closure of a read up to its first question, and again with the answer.
///
/// A closure is synchronous and a pipeline is not: so the closure is left at its first statement, and run anew once the
/// answer is there. That costs nothing but the way to the first statement. A closure that asks more than one question
/// needs a snapshot for all of them, and a connection for itself.
final class SingleQuestionRead: ReadTransaction {
    /// Ends the closure where it asks.
    private struct Interruption: Error {}

    /// What the closure asks first; empty when it asks nothing.
    private(set) var questions: [SQL] = []
    /// Whether it asks for more than the answers that it was given.
    private(set) var asksMore = false
    private let isAnswered: Bool
    private var answers: [(text: String, result: PostgresResult)] = []

    /// For the way to the first question.
    init() {
        isAnswered = false
    }

    /// For the way with the answers.
    init(_ questions: [SQL], _ results: [PostgresResult]) {
        isAnswered = true
        answers = zip(questions, results).map { ($0.text, $1) }
    }

    func announce(_ questions: @autoclosure () -> [SQL]) throws {
        guard !isAnswered, self.questions.isEmpty else { return }
        self.questions = questions()
        throw Interruption()
    }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Bool) throws {
        guard let place = answers.firstIndex(where: { $0.text == sql.text }) else {
            if !isAnswered, questions.isEmpty { questions = [sql] } else { asksMore = true }
            throw Interruption()
        }
        // Each answer is for one question: the same text may come again with other values.
        try answers.remove(at: place).result.forEachRow(body)
    }
}
