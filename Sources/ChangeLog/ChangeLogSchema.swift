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
                ])
        ])
}
