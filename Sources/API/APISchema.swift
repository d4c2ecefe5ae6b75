public import Storage

/// The tables of the HTTP server: who may use it, and which requests it has answered.
public enum APISchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "api",
        [
            Migration(
                1, "tenants, keys and idempotency",
                [
                    """
                    CREATE TABLE tenants (
                        number BIGINT PRIMARY KEY CHECK (number > 0),
                        name TEXT NOT NULL UNIQUE,
                        created_at BIGINT NOT NULL)
                    """,
                    """
                    CREATE TABLE api_keys (
                        tenant BIGINT NOT NULL REFERENCES tenants (number),
                        id {identifier} NOT NULL,
                        name TEXT NOT NULL,
                        hash {bytes} NOT NULL UNIQUE,
                        scopes TEXT NOT NULL,
                        version BIGINT NOT NULL CHECK (version > 0),
                        created_at BIGINT NOT NULL,
                        expires_at BIGINT,
                        revoked_at BIGINT,
                        PRIMARY KEY (tenant, id)) {clustered}
                    """,
                    // The rows stand in the order of their arrival, so that new ones go to the end and the oldest are
                    // deleted from the start; only the index of the digests is written at random places.
                    """
                    CREATE TABLE idempotency_keys (
                        sequence {position},
                        digest {identifier} NOT NULL UNIQUE,
                        fingerprint {identifier} NOT NULL,
                        status BIGINT NOT NULL,
                        content_type TEXT,
                        location TEXT,
                        entity_tag TEXT,
                        body {bytes},
                        created_at BIGINT NOT NULL)
                    """,
                ]),
            Migration(
                2, "keys of single users",
                [
                    // Whoever has such a key reaches the memories of this user and nothing else.
                    "ALTER TABLE api_keys ADD COLUMN user_id BIGINT"
                ]),
        ])
}
