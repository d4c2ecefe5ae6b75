import CPostgres
import Core
import Glibc
import Telemetry

/// One connection to a PostgreSQL server, always in pipeline mode, with its prepared statements.
///
/// Statements are sent without waiting and answered in their order, so what is sent together costs one round trip. It
/// is used by one thread at a time, which waits for the server: no call may be made on an event loop.
final class PostgresConnection: @unchecked Sendable {
    /// What the server says to one thing that was sent.
    enum Answer {
        /// The rows, or the number of rows that changed.
        case result(PostgresResult)
        /// The statement failed. What was sent after it, up to the next ``sendSync()``, is skipped.
        case failure(any Error)
        /// A statement before it failed.
        case skipped
        /// Everything before a ``sendSync()`` is done.
        case synced
    }

    private enum Sent {
        case prepare(StatementText)
        case statement(Histogram, since: ContinuousClock.Instant, text: String)
        case sync
    }

    let options: PostgresOptions
    private let handle: OpaquePointer
    private let durations: MetricsFamily<Histogram>
    private var sent: [Sent] = []
    private var answered = 0
    private var statements: [StatementText: PostgresStatement] = [:]
    private var statementCount = 0
    private var parameters = PostgresParameters()
    /// Why the statement whose preparation failed has no answer of its own.
    private var failedPreparation: (any Error)?
    /// Whether the server is gone or has not answered in time: the connection must not be used again.
    private(set) var isBroken = false
    /// When it was opened.
    let openedAt = ContinuousClock.now
    /// When it was used last.
    var usedAt = ContinuousClock.now

    /// Opens a connection and sets what ``PostgresOptions`` says.
    ///
    /// - throws: ``Failure`` `storage_unreachable`.
    init(_ options: PostgresOptions, durations: MetricsFamily<Histogram>) throws {
        self.options = options
        self.durations = durations
        guard let opened = options.connect(open: { PQconnectStartParams($0, $1, 1) }) else {
            throw Failure.storageUnreachable("out of memory")
        }
        handle = opened
        try Self.finishConnecting(opened, until: .now + options.connectTimeout)
        // Notices would go to standard error.
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
        guard PQsetnonblocking(opened, 1) == 0, PQenterPipelineMode(opened) == 1 else {
            throw Failure.storageUnreachable(Self.message(opened))
        }
        // Were it read-only from the start, `target_session_attrs=read-write` would take the server for a standby.
        if options.isSession, options.readsSnapshots { try run("SET default_transaction_read_only = on") }
    }

    deinit {
        PQfinish(handle)
    }

    /// How many statements a connection keeps prepared.
    static let statementLimit = 512

    /// How many things were sent and not answered yet.
    var unanswered: Int { sent.count - answered }

    /// Whether a transaction is open, or has failed and waits for its end.
    var isInTransaction: Bool {
        let status = PQtransactionStatus(handle)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// Sends a statement. Its answer comes after those of all that was sent before.
    func send(_ sql: SQL) throws {
        let key = StatementText(text: sql.text)
        let statement = try known(key, sql)
        guard statement.placeCount == sql.values.count else {
            throw Failure.internal(
                "The statement has \(statement.placeCount) places for \(sql.values.count) values: \(sql.text)")
        }
        let code = parameters.bind(sql.values) { count, types, values, lengths, formats in
            options.preparesStatements
                ? PQsendQueryPrepared(handle, statement.name, count, values, lengths, formats, 1)
                : PQsendQueryParams(handle, statement.text, count, types, values, lengths, formats, 1)
        }
        guard code == 1 else { throw broken() }
        sent.append(.statement(statement.duration, since: .now, text: sql.text))
    }

    /// Marks the end of what belongs together: statements after a failed one are skipped up to here.
    func sendSync() throws {
        guard PQpipelineSync(handle) == 1 else { throw broken() }
        sent.append(.sync)
    }

    /// Waits for the next answer.
    ///
    /// - throws: ``Failure`` `storage_unreachable` when the connection breaks or nothing comes in time.
    func nextAnswer() throws -> Answer {
        while true {
            guard answered < sent.count else { throw Failure.internal("Nothing was sent that could be answered.") }
            let result = try nextResult()
            let answer = try take(sent[answered], result)
            answered += 1
            if answered == sent.count {
                sent.removeAll(keepingCapacity: true)
                answered = 0
            }
            if let answer { return answer }
        }
    }

    /// Sends one statement by itself and waits for its answer.
    @discardableResult
    func run(_ sql: SQL) throws -> PostgresResult {
        try send(sql)
        try sendSync()
        var outcome: Answer?
        while true {
            let answer = try nextAnswer()
            if case .synced = answer { break }
            outcome = answer
        }
        switch outcome {
        case .result(let result): return result
        case .failure(let error): throw error
        default: throw Failure.internal("A statement has no answer: \(sql.text)")
        }
    }

    /// Waits until a notification comes, or for a while. Returns whether one came (`LISTEN`).
    func waitForNotification(atMost duration: Duration) throws -> Bool {
        if takeNotifications() { return true }
        guard try Self.wait(PQsocket(handle), for: Int16(POLLIN), until: .now + duration) else { return false }
        guard PQconsumeInput(handle) == 1 else { throw broken() }
        return takeNotifications()
    }

    private func takeNotifications() -> Bool {
        var isNotified = false
        while let notification = PQnotifies(handle) {
            PQfreemem(notification)
            isNotified = true
        }
        return isNotified
    }

    // MARK: Statements

    private func known(_ key: StatementText, _ sql: SQL) throws -> PostgresStatement {
        if let statement = statements[key] { return statement }
        if statements.count >= Self.statementLimit { try forgetStatements() }
        statementCount += 1
        let statement = PostgresStatement(
            sql, name: "s\(statementCount)", duration: durations.with(StatementLabel.of(sql.text)))
        if options.preparesStatements {
            let types = sql.values.map(PostgresParameters.type)
            guard PQsendPrepare(handle, statement.name, statement.text, Int32(types.count), types) == 1 else {
                throw broken()
            }
            sent.append(.prepare(key))
        }
        statements[key] = statement
        return statement
    }

    private func forgetStatements() throws {
        statements = [:]
        guard options.preparesStatements else { return }
        guard PQsendQueryParams(handle, "DEALLOCATE ALL", 0, nil, nil, nil, nil, 1) == 1 else { throw broken() }
        sent.append(.prepare(StatementText(text: "")))
    }

    // MARK: Answers

    private func take(_ entry: Sent, _ result: PostgresResult) throws -> Answer? {
        if case .sync = entry {
            guard result.status == PGRES_PIPELINE_SYNC else { throw broken("unexpected answer \(result.status)") }
            return .synced
        }
        // In pipeline mode a null pointer ends the results of one command.
        while let more = try pendingResult() { PQclear(more) }
        switch (entry, result.status) {
        case (.prepare, PGRES_COMMAND_OK): return nil
        case (.prepare(let key), PGRES_PIPELINE_ABORTED):
            statements[key] = nil
            return nil
        case (.prepare(let key), _):
            statements[key] = nil
            failedPreparation = result.error(text: key.text)
            return nil
        case (.statement(let duration, let since, _), PGRES_COMMAND_OK),
            (.statement(let duration, let since, _), PGRES_TUPLES_OK):
            duration.observe(ContinuousClock.now - since)
            return .result(result)
        case (.statement, PGRES_PIPELINE_ABORTED):
            defer { failedPreparation = nil }
            return failedPreparation.map { .failure($0) } ?? .skipped
        case (.statement(_, _, let text), _):
            let error = result.error(text: text)
            if result.endsConnection { isBroken = true }
            return .failure(error)
        case (.sync, _): return nil
        }
    }

    /// The next result, for which it waits.
    private func nextResult() throws -> PostgresResult {
        while true {
            if let pointer = try pendingResult() { return PostgresResult(pointer) }
            if PQstatus(handle) == CONNECTION_BAD { throw broken() }
        }
    }

    /// What `PQgetResult` gives once the server has answered.
    private func pendingResult() throws -> OpaquePointer? {
        let deadline = ContinuousClock.now + options.answerTimeout
        while PQisBusy(handle) == 1 {
            let unsent = PQflush(handle)
            guard unsent >= 0 else { throw broken() }
            let events = Int16(POLLIN) | (unsent == 1 ? Int16(POLLOUT) : 0)
            guard try Self.wait(PQsocket(handle), for: events, until: deadline) else {
                throw broken("no answer within \(options.answerTimeout)")
            }
            guard PQconsumeInput(handle) == 1 else { throw broken() }
        }
        return PQgetResult(handle)
    }

    /// Notes that the connection cannot be used again.
    private func broken(_ what: String? = nil) -> Failure {
        isBroken = true
        return .storageUnreachable(what ?? Self.message(handle))
    }

    /// Says that the connection must not be used again.
    func abandon() { isBroken = true }

    // MARK: Connecting

    private static func finishConnecting(_ handle: OpaquePointer, until deadline: ContinuousClock.Instant) throws {
        var wanted = PGRES_POLLING_WRITING
        while true {
            switch wanted {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING, PGRES_POLLING_WRITING:
                let events = Int16(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT)
                guard try wait(PQsocket(handle), for: events, until: deadline) else {
                    throw Failure.storageUnreachable("no connection within storage.connect_timeout")
                }
                wanted = PQconnectPoll(handle)
            default: throw Failure.storageUnreachable(message(handle))
            }
        }
    }

    /// Waits until a socket is ready. Returns false when the time is over.
    private static func wait(
        _ socket: Int32, for events: Int16, until deadline: ContinuousClock.Instant
    ) throws -> Bool {
        guard socket >= 0 else { throw Failure.storageUnreachable("the connection has no socket") }
        while true {
            let rest = max(.zero, deadline - .now)
            var entry = pollfd(fd: socket, events: events, revents: 0)
            let count = poll(&entry, 1, Int32(clamping: Int(rest / .milliseconds(1)) + 1))
            if count > 0 { return true }
            if count == 0, ContinuousClock.now >= deadline { return false }
            if count < 0, errno != EINTR { throw Failure.storageUnreachable(String(cString: strerror(errno))) }
        }
    }

    private static func message(_ handle: OpaquePointer) -> String {
        String(cString: PQerrorMessage(handle)).split(separator: "\n").joined(separator: "; ")
    }
}
