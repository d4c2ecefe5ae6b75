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
                        UNIQUE (tenant, id))
                    """,
                    // It keeps no text, which `documents` has, and no lengths, which the row numbers carry.
                    """
                    CREATE VIRTUAL TABLE terms
                    USING fts5(sku, title, tags, body, content='', columnsize=0, tokenize='ascii')
                    """,
                    """
                    CREATE TABLE progress (
                        name TEXT PRIMARY KEY CHECK (name = 'log'),
                        position BIGINT NOT NULL)
                    """,
                ])
        ])
}
