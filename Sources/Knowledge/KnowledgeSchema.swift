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
                    // so that who looks for a place, or reads a document, touches no vector.
                    """
                    CREATE TABLE graph_elements (
                        place {bytes} NOT NULL PRIMARY KEY,
                        tenant BIGINT NOT NULL,
                        document TEXT NOT NULL,
                        embedding {bytes} NOT NULL)
                    """,
                    "{only postgres}ALTER TABLE graph_elements ALTER COLUMN embedding SET STORAGE EXTERNAL",
                ])
        ])
}
