public import Storage

/// The tables of graphs.
public enum KnowledgeSchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "knowledge",
        [
            Migration(
                1, "nodes, edges and episodes",
                [
                    // `place` is the tenant, the kind and the id as bytes (`ElementPlace`). `document` is what clients
                    // are answered and the change log is told. The vector comes last and the table is not clustered,
                    // so that who looks for a place, or reads a document, touches no vector. The keys of an edge are
                    // hashes of its nodes and of its name (`EdgeKeys`); other elements have none.
                    """
                    CREATE TABLE graph_elements (
                        place {bytes} NOT NULL PRIMARY KEY,
                        tenant BIGINT NOT NULL,
                        source_key BIGINT,
                        target_key BIGINT,
                        relation_key BIGINT,
                        recorded_at BIGINT NOT NULL,
                        document TEXT NOT NULL,
                        embedding {bytes} NOT NULL)
                    """,
                    "{only postgres}ALTER TABLE graph_elements ALTER COLUMN embedding SET STORAGE EXTERNAL",
                    """
                    CREATE INDEX graph_elements_source ON graph_elements (source_key, relation_key)
                    WHERE source_key IS NOT NULL
                    """,
                    """
                    CREATE INDEX graph_elements_target ON graph_elements (target_key, relation_key)
                    WHERE target_key IS NOT NULL
                    """,
                ]),
            Migration(
                2, "what elements were before, and what is known of relations",
                [
                    // Elements as they were from `recorded_at` up to `ended_at`.
                    """
                    CREATE TABLE graph_versions (
                        place {bytes} NOT NULL,
                        tenant BIGINT NOT NULL,
                        recorded_at BIGINT NOT NULL,
                        ended_at BIGINT NOT NULL,
                        document TEXT NOT NULL,
                        embedding {bytes} NOT NULL,
                        PRIMARY KEY (place, ended_at))
                    """,
                    "{only postgres}ALTER TABLE graph_versions ALTER COLUMN embedding SET STORAGE EXTERNAL",
                    "CREATE INDEX graph_versions_age ON graph_versions (tenant, ended_at)",
                    """
                    CREATE TABLE graph_relations (
                        tenant BIGINT NOT NULL,
                        name TEXT NOT NULL,
                        document TEXT NOT NULL,
                        PRIMARY KEY (tenant, name)) {clustered}
                    """,
                ]),
            Migration(
                3, "how far the shop is taken over",
                ["CREATE TABLE graph_feeds (name TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL)"]),
            Migration(
                4, "until when edges hold",
                [
                    // The `invalid_at` of an edge in microseconds; the greatest number where it has none, or had none
                    // when it was written before there was this column.
                    "ALTER TABLE graph_elements ADD COLUMN lasts_until BIGINT NOT NULL DEFAULT 9223372036854775807",
                    "DROP INDEX graph_elements_source",
                    "DROP INDEX graph_elements_target",
                    """
                    CREATE INDEX graph_elements_source ON graph_elements (source_key, relation_key, lasts_until)
                    WHERE source_key IS NOT NULL
                    """,
                    """
                    CREATE INDEX graph_elements_target ON graph_elements (target_key, relation_key, lasts_until)
                    WHERE target_key IS NOT NULL
                    """,
                ]),
            Migration(
                5, "how far the tables of the shop are read, and what was found in them",
                [
                    """
                    CREATE TABLE graph_feed_readings (
                        name TEXT NOT NULL PRIMARY KEY,
                        position BIGINT NOT NULL,
                        stage TEXT NOT NULL,
                        tenant BIGINT,
                        entity {identifier},
                        place {bytes})
                    """,
                    // The places of elements that were found by the reading of a position.
                    """
                    CREATE TABLE graph_feed_elements (
                        place {bytes} NOT NULL PRIMARY KEY,
                        position BIGINT NOT NULL) {clustered}
                    """,
                    // What was made of the log alone may lack what was not in it any more. No log goes back so far, so
                    // the tables are read.
                    "UPDATE graph_feeds SET position = -1",
                ]),
            Migration(
                6, "how far the shop is taken over stands beside the log",
                [
                    // A reading that was not at its end begins anew, since the log does not go back to where it began.
                    "INSERT INTO feeds SELECT name, position FROM graph_feeds",
                    "DROP TABLE graph_feeds",
                    "DROP TABLE graph_feed_readings",
                    "DROP TABLE graph_feed_elements",
                ]),
        ])
}
