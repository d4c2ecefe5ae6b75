public import Storage

/// The table of customers. `email_key` and `name_key` are what e-mail addresses and names are compared by, in lower
/// case.
public enum CustomerSchema {
    /// The schema of customers.
    public static let schema = Schema(
        room: "commerce_customers",
        [
            Migration(
                1, "customers",
                [
                    """
                    CREATE TABLE customers (
                        tenant BIGINT NOT NULL,
                        id {identifier} NOT NULL,
                        name TEXT NOT NULL CHECK (name <> ''),
                        name_key TEXT NOT NULL,
                        email TEXT,
                        email_key TEXT,
                        phone TEXT,
                        company TEXT,
                        external_id TEXT,
                        notes TEXT,
                        addresses TEXT NOT NULL,
                        tags TEXT NOT NULL,
                        version BIGINT NOT NULL CHECK (version >= 1),
                        created_at BIGINT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        CHECK ((email IS NULL) = (email_key IS NULL)),
                        PRIMARY KEY (tenant, id))
                    """,
                    "CREATE UNIQUE INDEX customers_email ON customers (tenant, email_key)",
                    "CREATE UNIQUE INDEX customers_external_id ON customers (tenant, external_id)",
                    "CREATE INDEX customers_name ON customers (tenant, name_key, id)",
                ])
        ])
}
