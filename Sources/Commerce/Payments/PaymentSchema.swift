public import Storage

/// The tables of payments.
public enum PaymentSchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "commerce_payments",
        [
            Migration(
                1, "payments",
                [
                    """
                    CREATE TABLE payments (
                        tenant BIGINT NOT NULL,
                        id {identifier} NOT NULL,
                        order_id {identifier} NOT NULL,
                        kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund')),
                        amount BIGINT NOT NULL CHECK (amount > 0),
                        currency TEXT NOT NULL,
                        method TEXT,
                        reference TEXT,
                        note TEXT,
                        created_at BIGINT NOT NULL,
                        PRIMARY KEY (tenant, id)) {clustered}
                    """,
                    "CREATE INDEX payments_order ON payments (tenant, order_id, id)",
                    "CREATE INDEX payments_kind ON payments (tenant, kind, id)",
                    """
                    CREATE UNIQUE INDEX payments_reference ON payments (tenant, order_id, kind, reference)
                    WHERE reference IS NOT NULL
                    """,
                ])
        ])
}
