public import Storage

/// The tables of recommendations.
public enum RecommendationsSchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "recommendations",
        [
            Migration(
                1, "items, users and their interactions",
                [
                    // `document` is what clients are answered and the change log is told.
                    """
                    CREATE TABLE recommendation_items (
                        tenant BIGINT NOT NULL,
                        entity_type TEXT NOT NULL,
                        entity_id TEXT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        document TEXT NOT NULL,
                        PRIMARY KEY (tenant, entity_type, entity_id))
                    """,
                    """
                    CREATE TABLE recommendation_users (
                        tenant BIGINT NOT NULL,
                        user_id TEXT NOT NULL,
                        document TEXT NOT NULL,
                        PRIMARY KEY (tenant, user_id))
                    """,
                    """
                    CREATE TABLE interaction_types (
                        tenant BIGINT NOT NULL,
                        name TEXT NOT NULL,
                        document TEXT NOT NULL,
                        PRIMARY KEY (tenant, name)) {clustered}
                    """,
                    // In the order in which the history of a user is read. What is said of the type and `metadata` are
                    // JSON, as clients have sent them; weights are in millionths.
                    """
                    CREATE TABLE interactions (
                        tenant BIGINT NOT NULL,
                        user_id TEXT NOT NULL,
                        interacted_at BIGINT NOT NULL,
                        id {identifier} NOT NULL,
                        entity_type TEXT NOT NULL,
                        entity_id TEXT NOT NULL,
                        interaction_type TEXT NOT NULL,
                        weight BIGINT NOT NULL,
                        metadata TEXT NOT NULL,
                        recommendation_id TEXT,
                        PRIMARY KEY (tenant, user_id, interacted_at, id)) {clustered}
                    """,
                ]),
            Migration(
                2, "what came of recommendations",
                [
                    """
                    CREATE TABLE recommendation_outcomes (
                        tenant BIGINT NOT NULL,
                        day BIGINT NOT NULL,
                        algorithm TEXT NOT NULL,
                        variant TEXT NOT NULL,
                        kind TEXT NOT NULL,
                        count BIGINT NOT NULL,
                        PRIMARY KEY (tenant, day, algorithm, variant, kind)) {clustered}
                    """
                ]),
            Migration(3, "what was made of the shop", shop),
            Migration(
                4, "what a user did with one item",
                [
                    """
                    CREATE INDEX interactions_with_items
                        ON interactions (tenant, user_id, entity_type, entity_id, interacted_at, id)
                    """
                ]),
            Migration(5, "customers of the shop who were merged", merges),
        ])

    private static let shop = [
        // The products that have become items. `skus` is a JSON array of what they can be bought as.
        """
        CREATE TABLE shop_items (
            tenant BIGINT NOT NULL,
            product TEXT NOT NULL,
            skus TEXT NOT NULL,
            is_active BIGINT NOT NULL CHECK (is_active IN (0, 1)),
            is_available BIGINT NOT NULL CHECK (is_available IN (0, 1)),
            PRIMARY KEY (tenant, product)) {clustered}
        """,
        """
        CREATE TABLE shop_skus (
            tenant BIGINT NOT NULL,
            sku TEXT NOT NULL,
            product TEXT NOT NULL,
            PRIMARY KEY (tenant, sku)) {clustered}
        """,
        """
        CREATE TABLE shop_stock (
            tenant BIGINT NOT NULL,
            sku TEXT NOT NULL,
            location TEXT NOT NULL,
            is_available BIGINT NOT NULL CHECK (is_available IN (0, 1)),
            PRIMARY KEY (tenant, sku, location)) {clustered}
        """,
        """
        CREATE TABLE shop_purchases (
            tenant BIGINT NOT NULL,
            user_id TEXT NOT NULL,
            interacted_at BIGINT NOT NULL,
            order_id {identifier} NOT NULL,
            product TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, interacted_at, order_id, product)) {clustered}
        """,
    ]

    private static let merges = [
        // Whose the purchases of which users have become.
        """
        CREATE TABLE shop_merges (
            tenant BIGINT NOT NULL,
            user_id TEXT NOT NULL,
            merged_into TEXT NOT NULL,
            PRIMARY KEY (tenant, user_id, merged_into)) {clustered}
        """,
        "CREATE INDEX shop_merges_into ON shop_merges (tenant, merged_into)",
    ]
}
