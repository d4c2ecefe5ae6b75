public import Core

/// What stands between us and a PostgreSQL server, as `storage.pool_mode` says it.
public enum PoolMode: String, SettingChoice {
    /// Nothing, or what gives each of our connections one of the server for as long as it lasts.
    case session
    /// PgBouncer in transaction mode: a connection of the server is ours for a transaction.
    case transaction
}
