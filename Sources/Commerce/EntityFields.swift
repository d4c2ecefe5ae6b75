/// The fields of the images of this room's entities, by the types under which they stand in the change log.
///
/// A path has points between its names and `[]` after an array; `attributes.*` is whatever its owner put there. Whoever
/// reads images by such paths can find a misspelt one before the first image comes.
public enum EntityFields {
    /// The paths of each type.
    public static let all: [String: [String]] = [
        "balance": [
            "id", "sku", "location", "on_hand", "reserved", "available", "reorder_point", "low_stock", "version",
        ],
        "customer": [
            "id", "name", "email", "phone", "company", "external_id", "notes", "tags[]", "addresses[].id",
            "addresses[].type", "addresses[].is_default",
        ] + times + address.map { "addresses[].\($0)" },
        "location": ["id", "code", "name", "priority", "is_active"] + times,
        "order": order,
        "payment": [
            "id", "order_id", "kind", "amount", "currency", "method", "reference", "note", "created_at",
        ],
        "product": product + variant.map { "variants[].\($0)" },
        "reservation": [
            "id", "sku", "location", "quantity", "state", "reference", "order_id", "order_line_id", "split_from",
            "expires_at",
        ] + times,
        "return": [
            "id", "rma_number", "order_id", "status", "reason", "notes", "currency", "refund_amount", "received_at",
            "restocked_at", "refunded_at", "lines[].order_line_id", "lines[].sku", "lines[].quantity",
            "lines[].received_quantity", "lines[].reason", "lines[].condition", "lines[].restock",
            "lines[].refund_amount",
        ] + times,
        "shipment": [
            "id", "shipment_number", "order_id", "status", "carrier", "service", "tracking_number", "tracking_url",
            "lines[].order_line_id", "lines[].sku", "lines[].quantity", "events[].id", "events[].status",
            "events[].message", "events[].location", "events[].occurred_at", "shipped_at", "delivered_at",
        ] + times + address.map { "shipping_address.\($0)" },
        "variant": variant,
    ]

    private static let times = ["version", "created_at", "updated_at"]

    private static let address = [
        "name", "company", "line1", "line2", "city", "region", "postal_code", "country", "phone",
    ]

    private static let order: [String] =
        [
            "id", "order_number", "external_id", "customer_id", "status", "payment_status", "fulfillment_status",
            "currency", "subtotal_amount", "discount_amount", "tax_amount", "shipping_amount", "total_amount",
            "paid_amount", "refunded_amount", "payment_method", "shipping_method", "notes", "status_reason",
            "is_archived", "order_date", "items[].id", "items[].sku", "items[].product_id", "items[].variant_id",
            "items[].name", "items[].quantity", "items[].unit_price", "items[].discount_amount", "items[].tax_rate",
            "items[].tax_amount", "items[].total_amount", "items[].shipped_quantity", "items[].returned_quantity",
        ] + times + address.map { "shipping_address.\($0)" } + address.map { "billing_address.\($0)" }

    private static let product: [String] =
        [
            "id", "sku", "name", "description", "price", "currency", "tax_rate", "tags[]", "attributes.*", "active",
            "external_id",
        ] + times

    private static let variant: [String] = [
        "id", "product_id", "sku", "name", "options.*", "price", "currency", "tax_rate", "active",
    ]
}
