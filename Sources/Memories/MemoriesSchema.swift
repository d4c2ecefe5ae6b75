public import Storage

/// The tables of collections and their points.
public enum MemoriesSchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "memories",
        [
            Migration(
                1, "collections and points",
                [
                    // A number is never given twice: what is left of a collection that was deleted belongs to no other.
                    """
                    CREATE TABLE collections (
                        tenant BIGINT NOT NULL,
                        name TEXT NOT NULL,
                        number BIGINT NOT NULL UNIQUE,
                        id {identifier} NOT NULL,
                        version BIGINT NOT NULL,
                        definition TEXT NOT NULL,
                        created_at BIGINT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        PRIMARY KEY (tenant, name)) {clustered}
                    """,
                    "CREATE TABLE collection_numbers (last_number BIGINT NOT NULL)",
                    "INSERT INTO collection_numbers VALUES (0)",
                    // Collections that were deleted and whose points are still to be deleted.
                    """
                    CREATE TABLE deleted_collections (
                        tenant BIGINT NOT NULL,
                        number BIGINT NOT NULL,
                        PRIMARY KEY (tenant, number)) {clustered}
                    """,
                    // `place` is the number of the collection and the id of the point as bytes that sort like it
                    // (`PointPlace`), `position` that of the change that made it what it is, where its collection keeps
                    // history. The vectors come last: most of them lies outside the pages of the table, and whoever
                    // reads the columns before them does not touch it. It is not clustered, or whoever looks for a
                    // place would read the vectors of a dozen other points.
                    """
                    CREATE TABLE points (
                        place {bytes} NOT NULL PRIMARY KEY,
                        tenant BIGINT NOT NULL,
                        collection BIGINT NOT NULL,
                        version BIGINT NOT NULL,
                        payload TEXT NOT NULL,
                        created_at BIGINT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        expires_at BIGINT,
                        position BIGINT NOT NULL,
                        vectors {bytes} NOT NULL)
                    """,
                    // Nothing makes fewer bytes of vectors.
                    "{only postgres}ALTER TABLE points ALTER COLUMN vectors SET STORAGE EXTERNAL",
                    """
                    CREATE INDEX points_expiry ON points (expires_at, tenant, collection, place)
                    WHERE expires_at IS NOT NULL
                    """,
                ]),
            Migration(
                2, "what points were",
                [
                    // Points as they were from `position` up to `until_position`.
                    """
                    CREATE TABLE point_versions (
                        place {bytes} NOT NULL,
                        tenant BIGINT NOT NULL,
                        collection BIGINT NOT NULL,
                        position BIGINT NOT NULL,
                        until_position BIGINT NOT NULL,
                        version BIGINT NOT NULL,
                        payload TEXT NOT NULL,
                        created_at BIGINT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        expires_at BIGINT,
                        ended_at BIGINT NOT NULL,
                        user_id BIGINT,
                        vectors {bytes} NOT NULL,
                        PRIMARY KEY (place, position))
                    """,
                    "{only postgres}ALTER TABLE point_versions ALTER COLUMN vectors SET STORAGE EXTERNAL",
                    """
                    CREATE INDEX point_versions_of_users
                    ON point_versions (tenant, collection, user_id, until_position)
                    """,
                    "CREATE INDEX point_versions_age ON point_versions (ended_at)",
                    // Everything that was there as of this position or a later one is kept.
                    "CREATE TABLE point_history_start (position BIGINT NOT NULL)",
                    "INSERT INTO point_history_start VALUES (0)",
                ]),
            // Numbers whose points are being restored and that no collection has yet.
            Migration(
                3, "restores of collections",
                [
                    """
                    CREATE TABLE restoring_collections (
                        tenant BIGINT NOT NULL,
                        number BIGINT NOT NULL,
                        touched_at BIGINT NOT NULL,
                        PRIMARY KEY (tenant, number)) {clustered}
                    """
                ]),
            // Of what stood under a name before a position, nothing is known: another collection took its place.
            Migration(
                4, "where the pasts of collections begin",
                [
                    """
                    CREATE TABLE collection_pasts (
                        tenant BIGINT NOT NULL,
                        name TEXT NOT NULL,
                        position BIGINT NOT NULL,
                        PRIMARY KEY (tenant, name)) {clustered}
                    """
                ]),
        ])
}
