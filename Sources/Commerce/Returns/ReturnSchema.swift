public import Storage

/// The tables of returns.
public enum ReturnSchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "commerce_returns",
        [
            Migration(
                1, "returns",
                [
                    """
                    CREATE TABLE returns (
                        tenant BIGINT NOT NULL,
                        id {identifier} NOT NULL,
                        rma_number TEXT NOT NULL,
                        order_id {identifier} NOT NULL,
                        status TEXT NOT NULL CHECK (status IN ('requested', 'approved', 'rejected', 'received',
                            'restocked', 'refunded', 'cancelled')),
                        reason TEXT,
                        notes TEXT,
                        currency TEXT NOT NULL,
                        received_at BIGINT,
                        restocked_at BIGINT,
                        refunded_at BIGINT,
                        version BIGINT NOT NULL CHECK (version >= 1),
                        created_at BIGINT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        PRIMARY KEY (tenant, id))
                    """,
                    "CREATE UNIQUE INDEX returns_number ON returns (tenant, rma_number)",
                    "CREATE INDEX returns_order ON returns (tenant, order_id, id)",
                    "CREATE INDEX returns_status ON returns (tenant, status, id)",
                    """
                    CREATE TABLE return_lines (
                        tenant BIGINT NOT NULL,
                        return_id {identifier} NOT NULL,
                        order_line_id {identifier} NOT NULL,
                        sku TEXT NOT NULL,
                        quantity BIGINT NOT NULL CHECK (quantity > 0),
                        received_quantity BIGINT CHECK (received_quantity BETWEEN 0 AND quantity),
                        reason TEXT,
                        condition TEXT,
                        restock BIGINT NOT NULL CHECK (restock IN (0, 1)),
                        refund_amount BIGINT NOT NULL CHECK (refund_amount >= 0),
                        PRIMARY KEY (tenant, return_id, order_line_id)) {clustered}
                    """,
                    // How much of each order line stands in returns. The checks keep every one of them within what was
                    // shipped, and their refunds within what the line cost.
                    """
                    CREATE TABLE return_allocations (
                        tenant BIGINT NOT NULL,
                        order_id {identifier} NOT NULL,
                        order_line_id {identifier} NOT NULL,
                        shipped BIGINT NOT NULL,
                        line_total BIGINT NOT NULL,
                        quantity BIGINT NOT NULL,
                        refund_amount BIGINT NOT NULL,
                        PRIMARY KEY (tenant, order_id, order_line_id),
                        CHECK (0 <= quantity AND quantity <= shipped),
                        CHECK (0 <= refund_amount AND refund_amount <= line_total)) {clustered}
                    """,
                ])
        ])
}
