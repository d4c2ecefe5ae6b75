import Storage

/// The tables of a text index file. A file of any other version is deleted and made anew.
enum TextIndexSchema {
    static let schema = Schema(
        room: "text_index",
        [
            Migration(
                1, "documents and their words",
                [
                    """
                    CREATE TABLE documents (
                        number {position},
                        tenant BIGINT NOT NULL,
                        id {identifier} NOT NULL,
                        is_active BIGINT NOT NULL CHECK (is_active IN (0, 1)),
                        sku TEXT NOT NULL,
                        title TEXT NOT NULL,
                        tags TEXT NOT NULL,
                        body TEXT NOT NULL,
                        payload {bytes} NOT NULL,
                        UNIQUE (tenant, id))
                    """,
                    """
                    CREATE TABLE postings (
                        tenant BIGINT NOT NULL,
                        word {bytes} NOT NULL,
                        first BIGINT NOT NULL,
                        last BIGINT NOT NULL,
                        entries {bytes} NOT NULL,
                        PRIMARY KEY (tenant, word, first)) {clustered}
                    """,
                    """
                    CREATE TABLE progress (
                        name TEXT PRIMARY KEY CHECK (name = 'log'),
                        position BIGINT NOT NULL)
                    """,
                ])
        ])
}
