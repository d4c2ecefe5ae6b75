public import Storage

/// The tables of stock: where it lies, how much there is, how it came to be so, and who holds some of it.
public enum InventorySchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "commerce_inventory",
        [
            Migration(1, "locations, balances, ledger, reservations", tables + indexes),
            Migration(2, "room for balances to be changed in place", updatesInPlace),
            Migration(
                3, "balances in the order of their ids", ["CREATE UNIQUE INDEX balances_by_id ON balances (tenant, id)"]
            ),
        ])

    // PostgreSQL writes an updated row into the same page and into no index (a heap-only tuple), if there is room and
    // no index depends on a column that changed. The low ones are found by a scan instead.
    private static let updatesInPlace = [
        "{only postgres}DROP INDEX balances_low",
        "{only postgres}ALTER TABLE balances SET (fillfactor = 60)",
    ]

    private static let tables = [
        """
        CREATE TABLE locations (
            tenant BIGINT NOT NULL,
            id {identifier} NOT NULL,
            code TEXT NOT NULL,
            name TEXT NOT NULL,
            priority BIGINT NOT NULL,
            is_active BIGINT NOT NULL CHECK (is_active IN (0, 1)),
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            PRIMARY KEY (tenant, id),
            UNIQUE (tenant, code)) {clustered}
        """,
        // The limit keeps every sum of a sku's balances within 64 bits; it is StockLimits.onHand.
        """
        CREATE TABLE balances (
            tenant BIGINT NOT NULL,
            sku TEXT NOT NULL,
            location TEXT NOT NULL,
            id {identifier} NOT NULL,
            on_hand BIGINT NOT NULL CHECK (on_hand >= 0 AND on_hand <= 1000000000000),
            reserved BIGINT NOT NULL CHECK (reserved >= 0),
            reorder_point BIGINT NOT NULL CHECK (reorder_point >= 0),
            version BIGINT NOT NULL,
            PRIMARY KEY (tenant, sku, location),
            CHECK (reserved <= on_hand)) {clustered}
        """,
        """
        CREATE TABLE stock_ledger (
            tenant BIGINT NOT NULL,
            id {identifier} NOT NULL,
            sku TEXT NOT NULL,
            location TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN
                ('receive', 'adjust', 'transfer_in', 'transfer_out', 'count', 'ship', 'return')),
            delta BIGINT NOT NULL,
            on_hand_after BIGINT NOT NULL CHECK (on_hand_after >= 0),
            reference TEXT,
            reason TEXT,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (tenant, id)) {clustered}
        """,
        """
        CREATE TABLE reservations (
            tenant BIGINT NOT NULL,
            id {identifier} NOT NULL,
            sku TEXT NOT NULL,
            location TEXT NOT NULL,
            quantity BIGINT NOT NULL CHECK (quantity > 0),
            state TEXT NOT NULL CHECK (state IN ('held', 'committed', 'released', 'expired')),
            reference TEXT,
            order_id {identifier},
            order_line_id {identifier},
            split_from {identifier},
            expires_at BIGINT,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            PRIMARY KEY (tenant, id)) {clustered}
        """,
    ]

    // Partial indexes hold only the rows that their query asks for, so a plain reserve pays for none it does not need.
    private static let indexes = [
        "CREATE INDEX balances_by_location ON balances (tenant, location, sku)",
        """
        CREATE INDEX balances_low ON balances (tenant, sku, location) WHERE reorder_point >= on_hand - reserved
        """,
        "CREATE INDEX stock_ledger_by_sku ON stock_ledger (tenant, sku, id)",
        """
        CREATE UNIQUE INDEX reservations_by_reference ON reservations (tenant, reference, sku)
            WHERE reference IS NOT NULL
        """,
        """
        CREATE INDEX reservations_by_order ON reservations (tenant, order_id, id) WHERE order_id IS NOT NULL
        """,
        "CREATE INDEX reservations_by_state ON reservations (tenant, state, id)",
        """
        CREATE INDEX reservations_to_expire ON reservations (expires_at)
            WHERE state = 'held' AND expires_at IS NOT NULL
        """,
    ]
}
