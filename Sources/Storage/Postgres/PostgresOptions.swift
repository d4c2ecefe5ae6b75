public import Core
import Glibc

/// How connections to a PostgreSQL server are made and what is set on every one of them.
public struct PostgresOptions: Sendable {
    /// Where the server is and who we are, as libpq takes it: `postgres://user:password@host:port/database?sslmode=…`.
    public var url: String
    /// How we are called in `pg_stat_activity`.
    public var applicationName: String
    /// How long one statement may run.
    public var statementTimeout: Duration
    /// How much memory a sort or a hash may take before it goes to the disk, in MiB.
    public var workMemory: Int
    /// How long a connection may take to be made.
    public var connectTimeout: Duration
    /// Whether a connection of ours is one connection of the server for as long as it lasts. Behind PgBouncer in
    /// transaction mode it is not: then nothing is prepared, and what is set is set for each transaction.
    public var isSession: Bool
    /// Where the tables are. A name without a schema means a table in this one and in no other.
    public var schema: SchemaName
    /// Whether each batch of statements is a transaction on one snapshot by itself.
    var readsSnapshots = false

    /// Options of a server from the settings of the storage.
    public init(url: String, settings: SettingsValues = .defaults) {
        self.url = url
        applicationName = settings[StorageSettings.applicationName]
        statementTimeout = .milliseconds(settings[StorageSettings.statementTimeout])
        workMemory = settings[StorageSettings.workMemory]
        connectTimeout = .milliseconds(settings[StorageSettings.connectTimeout])
        schema = settings[StorageSettings.schema]
        isSession = settings[StorageSettings.poolMode] == .session
    }

    /// Statements are prepared where they stay prepared.
    var preparesStatements: Bool { isSession }

    /// How long an answer may take: the server ends a statement before, unless it is out of reach.
    var answerTimeout: Duration { statementTimeout + .seconds(2) }

    /// How long the server waits for us within a transaction before it ends it. A machine that is out of reach would
    /// keep its locks for as long as TCP hopes for it; in half of the time of a statement, those who wait for the locks
    /// still get them.
    var idleInTransactionTimeout: Duration { statementTimeout / 2 }

    /// What is set for the whole of a session, or else for each transaction.
    private var assignments: [(name: String, value: String)] {
        [
            ("statement_timeout", "\(Int(statementTimeout / .milliseconds(1)))"),
            ("idle_in_transaction_session_timeout", "\(Int(idleInTransactionTimeout / .milliseconds(1)))"),
            ("work_mem", "\(workMemory * 1_024)"),
        ] + (schema == .ofServer ? [] : [("search_path", schema.text)])
    }

    /// The parameters of the connection by libpq's names.
    var parameters: [(name: String, value: String)] {
        var parameters = [
            ("dbname", url), ("application_name", applicationName), ("client_encoding", "UTF8"),
            // A server that is out of reach is noticed within seconds, not after the minutes that TCP would try.
            ("tcp_user_timeout", "5000"), ("keepalives_idle", "5"), ("keepalives_interval", "2"),
            ("keepalives_count", "3"),
        ]
        guard isSession else { return parameters }
        var set = assignments.map { "-c \($0.name)=\($0.value)" }
        // That it is read-only comes later (`PostgresConnection`).
        if readsSnapshots { set.append("-c default_transaction_isolation=repeatable\\ read") }
        parameters.append(("options", set.joined(separator: " ")))
        return parameters
    }

    /// Calls a function of libpq that connects, with the parameters as it takes them.
    ///
    /// - parameter further: parameters beside those of every connection.
    func connect(
        _ further: [(name: String, value: String)] = [],
        open: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> OpaquePointer?
    ) -> OpaquePointer? {
        let all = parameters + further
        let names = all.map { UnsafePointer(strdup($0.name)) } + [nil]
        let values = all.map { UnsafePointer(strdup($0.value)) } + [nil]
        defer { for text in names + values { free(UnsafeMutablePointer(mutating: text)) } }
        return open(names, values)
    }

    /// What is sent before the statements of a transaction.
    func beginning(_ level: String) -> [SQL] {
        let begin = SQL(trusted: "BEGIN ISOLATION LEVEL \(level)")
        return isSession ? [begin] : [begin] + assignments.map { SQL(trusted: "SET LOCAL \($0.name) = \($0.value)") }
    }
}
