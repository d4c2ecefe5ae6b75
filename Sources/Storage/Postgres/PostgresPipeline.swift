import Core
import Foundation

/// One connection that answers the questions of many at once.
///
/// All questions that wait are sent together and answered together, and those that come meanwhile are the next batch.
/// With one batch in flight the server works while we gather, and a round trip is shared by as many as happen to wait.
/// Each batch sees one snapshot.
final class PostgresPipeline: Sendable {
    /// What somebody asks, and who gets the answers.
    private struct Question: Sendable {
        let statements: [SQL]
        let continuation: CheckedContinuation<[PostgresResult], any Error>
        /// Whether it was sent before on a connection that broke.
        var isRepeated = false
    }

    /// How many questions one batch has at most.
    static let batchLimit = 128

    private let queue: BatchQueue<Question>
    private let open: @Sendable () throws -> PostgresConnection
    private let options: PostgresOptions

    init(
        _ options: PostgresOptions, queueLimit: Int,
        open: @escaping @Sendable (PostgresOptions) throws -> PostgresConnection
    ) {
        var options = options
        options.readsSnapshots = true
        self.options = options
        queue = BatchQueue(
            limit: queueLimit, batchLimit: Self.batchLimit,
            refusal: .storageBusy("Too many reads wait for an answer (storage.read_queue_limit)."))
        self.open = { [options] in try open(options) }
        NamedThread.start("millrace-pipe") { [self] in work() }
    }

    /// How many questions wait.
    var depth: Int { queue.count }

    /// Asks statements on one snapshot.
    ///
    /// - throws: what the first statement that fails throws, or ``Failure`` `storage_unreachable`, `storage_busy`.
    func ask(_ statements: [SQL]) async throws -> [PostgresResult] {
        try await withCheckedThrowingContinuation { continuation in
            let question = Question(statements: statements, continuation: continuation)
            if let refusal = queue.append(question) { continuation.resume(throwing: refusal) }
        }
    }

    /// Answers what waits, takes nothing more, and ends the thread.
    func close() { queue.close() }

    private func work() {
        var connection: PostgresConnection?
        while let batch = queue.next() {
            do {
                let current = try connection ?? open()
                connection = current
                queue.putBack(try answer(batch, on: current))
                if current.isBroken { connection = nil }
            } catch {
                // Reads may be asked again: those whose connection broke are, once.
                let wasOpen = connection != nil
                connection = nil
                queue.putBack(
                    batch.compactMap { question in
                        guard wasOpen, !question.isRepeated else {
                            question.continuation.resume(throwing: error)
                            return nil
                        }
                        var question = question
                        question.isRepeated = true
                        return question
                    })
            }
        }
    }

    /// Sends a batch and hands out the answers once all have come.
    ///
    /// - returns: the questions that were skipped because one before them failed.
    /// - throws: when the connection breaks; then nobody was answered.
    private func answer(_ batch: [Question], on connection: PostgresConnection) throws -> [Question] {
        let frame = options.isSession ? [] : options.beginning("REPEATABLE READ READ ONLY")
        for sql in frame { try connection.send(sql) }
        for question in batch {
            for statement in question.statements { try connection.send(statement) }
        }
        if !frame.isEmpty { try connection.send("COMMIT") }
        try connection.sendSync()
        for _ in frame { _ = try connection.nextAnswer() }
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(batch.count)
        for question in batch {
            var outcome = Outcome.answered([])
            for _ in question.statements { outcome.add(try connection.nextAnswer()) }
            outcomes.append(outcome)
        }
        while connection.unanswered > 0 { _ = try connection.nextAnswer() }
        if connection.isInTransaction { try connection.run("ROLLBACK") }
        var skipped: [Question] = []
        for (question, outcome) in zip(batch, outcomes) {
            switch outcome {
            case .answered(let results): question.continuation.resume(returning: results)
            case .failed(let error): question.continuation.resume(throwing: error)
            case .skipped: skipped.append(question)
            }
        }
        return skipped
    }

    /// What became of a question.
    private enum Outcome {
        case answered([PostgresResult])
        case failed(any Error)
        case skipped

        mutating func add(_ answer: PostgresConnection.Answer) {
            switch (self, answer) {
            case (.answered(let results), .result(let result)): self = .answered(results + [result])
            case (.answered, .failure(let error)): self = .failed(error)
            case (.answered, _): self = .skipped
            default: break
            }
        }
    }
}
