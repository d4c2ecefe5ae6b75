public import Storage

/// The tables of orders.
public enum OrderSchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "commerce_orders", [Migration(1, "orders and their lines", tables + indexes)])

    private static let tables = [
        // The checks hold what the code derives: a total that disagrees with its parts cannot be stored.
        """
        CREATE TABLE orders (
            tenant BIGINT NOT NULL,
            id {identifier} NOT NULL,
            order_number TEXT NOT NULL,
            external_id TEXT,
            customer_id {identifier},
            status TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'processing', 'on_hold', 'shipped',
                'delivered', 'cancelled', 'refunded', 'exchanged')),
            fulfillment_status TEXT NOT NULL,
            currency TEXT NOT NULL,
            subtotal_amount BIGINT NOT NULL CHECK (subtotal_amount >= 0),
            discount_amount BIGINT NOT NULL CHECK (discount_amount >= 0),
            tax_amount BIGINT NOT NULL CHECK (tax_amount >= 0),
            shipping_amount BIGINT NOT NULL CHECK (shipping_amount >= 0),
            total_amount BIGINT NOT NULL,
            paid_amount BIGINT NOT NULL CHECK (paid_amount >= 0),
            refunded_amount BIGINT NOT NULL CHECK (refunded_amount >= 0),
            shipping_address TEXT,
            billing_address TEXT,
            payment_method TEXT,
            shipping_method TEXT,
            notes TEXT,
            status_reason TEXT,
            is_archived BIGINT NOT NULL CHECK (is_archived IN (0, 1)),
            reserves_stock BIGINT NOT NULL CHECK (reserves_stock IN (0, 1)),
            ordered_at BIGINT NOT NULL,
            version BIGINT NOT NULL CHECK (version >= 1),
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            PRIMARY KEY (tenant, id),
            CHECK (total_amount = subtotal_amount - discount_amount + tax_amount + shipping_amount),
            CHECK (paid_amount <= total_amount),
            CHECK (refunded_amount <= paid_amount))
        """,
        """
        CREATE TABLE order_lines (
            tenant BIGINT NOT NULL,
            order_id {identifier} NOT NULL,
            id {identifier} NOT NULL,
            sku TEXT NOT NULL,
            product_id {identifier},
            variant_id {identifier},
            name TEXT NOT NULL,
            quantity BIGINT NOT NULL CHECK (quantity > 0),
            unit_price BIGINT NOT NULL CHECK (unit_price >= 0),
            discount_amount BIGINT NOT NULL CHECK (discount_amount >= 0),
            tax_rate BIGINT NOT NULL CHECK (tax_rate >= 0),
            tax_amount BIGINT NOT NULL CHECK (tax_amount >= 0),
            total_amount BIGINT NOT NULL CHECK (total_amount >= 0),
            shipped_quantity BIGINT NOT NULL,
            returned_quantity BIGINT NOT NULL,
            PRIMARY KEY (tenant, order_id, id),
            CHECK (total_amount = quantity * unit_price - discount_amount + tax_amount),
            CHECK (0 <= returned_quantity AND returned_quantity <= shipped_quantity AND shipped_quantity <= quantity))
            {clustered}
        """,
    ]

    /// Lists leave archived orders out, so their indexes do too: a page costs the same wherever it begins.
    private static let indexes = [
        "CREATE UNIQUE INDEX orders_number ON orders (tenant, order_number)",
        "CREATE UNIQUE INDEX orders_external ON orders (tenant, external_id) WHERE external_id IS NOT NULL",
        "CREATE INDEX orders_live ON orders (tenant, id) WHERE is_archived = 0",
        "CREATE INDEX orders_archived ON orders (tenant, id) WHERE is_archived = 1",
        "CREATE INDEX orders_status ON orders (tenant, status, id) WHERE is_archived = 0",
        """
        CREATE INDEX orders_customer ON orders (tenant, customer_id, id) WHERE customer_id IS NOT NULL
        """,
        "CREATE INDEX orders_date ON orders (tenant, ordered_at, id) WHERE is_archived = 0",
        "CREATE INDEX orders_total ON orders (tenant, total_amount, id) WHERE is_archived = 0",
    ]
}
