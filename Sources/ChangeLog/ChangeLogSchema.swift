public import Storage

/// The tables of the change log.
public enum ChangeLogSchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "change_log",
        [
            Migration(
                1, "changes and followers",
                [
                    // The last row is never deleted, so that the engine never assigns its position again.
                    """
                    CREATE TABLE changes (
                        position {position},
                        tenant BIGINT NOT NULL,
                        entity_type TEXT NOT NULL,
                        entity_id {identifier} NOT NULL,
                        operation TEXT NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
                        after_image TEXT,
                        before_image TEXT,
                        changed_fields TEXT NOT NULL,
                        actor TEXT NOT NULL,
                        request_id TEXT,
                        traceparent TEXT,
                        changed_at BIGINT NOT NULL)
                    """,
                    """
                    CREATE TABLE followers (
                        name TEXT PRIMARY KEY,
                        position BIGINT NOT NULL,
                        seen_at BIGINT NOT NULL)
                    """,
                ]),
            Migration(
                2, "leases",
                [
                    // A lease that was given back expires at 0; its row stays, because tokens go on from it.
                    """
                    CREATE TABLE leases (
                        name TEXT PRIMARY KEY,
                        holder TEXT NOT NULL,
                        token BIGINT NOT NULL,
                        expires_at BIGINT NOT NULL)
                    """
                ]),
            Migration(
                3, "where the log begins, and partitions",
                [
                    // Every change after this position is still there. The oldest row does not tell, since a position
                    // is missing where a transaction was undone.
                    "CREATE TABLE change_log_start (position BIGINT NOT NULL)",
                    "INSERT INTO change_log_start SELECT COALESCE(MIN(position) - 1, 0) FROM changes",
                    // The transaction stands before the position: so it has its number before it takes a position, and
                    // all who hold a position up to a given one have transactions before those that begin from then on.
                    """
                    {only postgres}CREATE SEQUENCE change_positions CACHE 1
                    """,
                    "{only postgres}ALTER TABLE changes RENAME TO unpartitioned_changes",
                    """
                    {only postgres}CREATE TABLE changes (
                        transaction_id XID8 NOT NULL DEFAULT pg_current_xact_id(),
                        LIKE unpartitioned_changes INCLUDING CONSTRAINTS,
                        PRIMARY KEY (position, changed_at)) PARTITION BY RANGE (changed_at)
                    """,
                    "{only postgres}ALTER TABLE changes ALTER position SET DEFAULT nextval('change_positions')",
                    "{only postgres}DROP TABLE unpartitioned_changes",
                    // What no other partition is for: a clock that is far off does not keep anybody from writing.
                    "{only postgres}CREATE TABLE changes_other PARTITION OF changes DEFAULT",
                ]),
            Migration(
                4, "custom operations",
                [
                    // SQLite cannot change a constraint: the rows move to a table that has the new one, with their
                    // positions.
                    """
                    {only sqlite}CREATE TABLE changes_with_custom (
                        position INTEGER PRIMARY KEY,
                        tenant BIGINT NOT NULL,
                        entity_type TEXT NOT NULL,
                        entity_id BLOB NOT NULL,
                        operation TEXT NOT NULL CHECK (operation IN ('insert', 'update', 'delete', 'custom')),
                        after_image TEXT,
                        before_image TEXT,
                        changed_fields TEXT NOT NULL,
                        actor TEXT NOT NULL,
                        request_id TEXT,
                        traceparent TEXT,
                        changed_at BIGINT NOT NULL)
                    """,
                    "{only sqlite}INSERT INTO changes_with_custom SELECT * FROM changes ORDER BY position",
                    "{only sqlite}DROP TABLE changes",
                    "{only sqlite}ALTER TABLE changes_with_custom RENAME TO changes",
                    // The rows that are there hold a narrower constraint, so nobody waits until they are looked at.
                    "{only postgres}ALTER TABLE changes DROP CONSTRAINT changes_operation_check",
                    """
                    {only postgres}ALTER TABLE changes ADD CONSTRAINT changes_operation_check
                        CHECK (operation IN ('insert', 'update', 'delete', 'custom')) NOT VALID
                    """,
                ]),
            Migration(
                5, "feeds",
                [
                    "CREATE TABLE feeds (name TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL)",
                    // How far the tables are read where the log does not go back far enough.
                    """
                    CREATE TABLE feed_readings (
                        name TEXT NOT NULL PRIMARY KEY,
                        position BIGINT NOT NULL,
                        stage TEXT NOT NULL,
                        place {bytes},
                        tenant BIGINT,
                        entity {identifier})
                    """,
                    // The places of what was found by the reading of a position.
                    """
                    CREATE TABLE feed_findings (
                        feed TEXT NOT NULL,
                        place {bytes} NOT NULL,
                        position BIGINT NOT NULL,
                        PRIMARY KEY (feed, place)) {clustered}
                    """,
                ]),
        ])
}
