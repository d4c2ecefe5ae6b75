public import Storage

/// The tables of the catalogue.
///
/// What is sold is a row of `variants`; its primary key makes a sku unique within its tenant. A product's own sku and
/// price are those of its default variant, which is the one that has the product's identifier.
public enum CatalogSchema {
    /// The schema of the catalogue.
    public static let schema = Schema(
        room: "commerce_catalog",
        [
            Migration(
                1, "products, variants and tags",
                [
                    """
                    CREATE TABLE products (
                        tenant BIGINT NOT NULL,
                        id {identifier} NOT NULL,
                        name TEXT NOT NULL CHECK (name <> ''),
                        description TEXT,
                        tags TEXT NOT NULL,
                        attributes TEXT NOT NULL,
                        active BIGINT NOT NULL CHECK (active IN (0, 1)),
                        external_id TEXT,
                        version BIGINT NOT NULL CHECK (version >= 1),
                        created_at BIGINT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        PRIMARY KEY (tenant, id))
                    """,
                    "CREATE UNIQUE INDEX products_external_id ON products (tenant, external_id)",
                    "CREATE INDEX products_name ON products (tenant, name, id)",
                    "CREATE INDEX products_active ON products (tenant, active, id)",
                    """
                    CREATE TABLE variants (
                        tenant BIGINT NOT NULL,
                        sku TEXT NOT NULL CHECK (sku <> ''),
                        id {identifier} NOT NULL,
                        product {identifier} NOT NULL,
                        name TEXT,
                        options TEXT NOT NULL,
                        price BIGINT NOT NULL CHECK (price >= 0),
                        currency TEXT NOT NULL,
                        tax_rate BIGINT NOT NULL CHECK (tax_rate BETWEEN 0 AND 10000000),
                        cost BIGINT CHECK (cost >= 0),
                        active BIGINT NOT NULL CHECK (active IN (0, 1)),
                        PRIMARY KEY (tenant, sku)) {clustered}
                    """,
                    "CREATE UNIQUE INDEX variants_id ON variants (tenant, id)",
                    "CREATE INDEX variants_product ON variants (tenant, product, id)",
                    """
                    CREATE TABLE product_tags (
                        tenant BIGINT NOT NULL,
                        tag TEXT NOT NULL,
                        product {identifier} NOT NULL,
                        PRIMARY KEY (tenant, tag, product)) {clustered}
                    """,
                    "CREATE INDEX product_tags_product ON product_tags (tenant, product)",
                ])
        ])
}
