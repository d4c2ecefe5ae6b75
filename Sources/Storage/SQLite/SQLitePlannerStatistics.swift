/// What SQLite's planner is told of the indexes, in the place of counts of the rows.
///
/// Without any it takes the first column of a key for selective. Ours is the tenant, which says next to nothing, so it
/// would read all the rows of a tenant in the order of the primary key rather than look into `(tenant, order_id)`. Told
/// the same from the start it plans alike on a small file and on a large one, and needs no `ANALYZE` as rows come.
///
/// The numbers of an index (https://www.sqlite.org/fileformat2.html, "The sqlite_stat1 table") are its rows, and how
/// many of those one value of its first columns has: a tenant all of them, and so an observer and its action; a user
/// 1,000, who may have done a lot; a further column 10, then 9, a whole unique key 1.
enum SQLitePlannerStatistics {
    /// The statements that write them, to be run in the transaction of a migration, whose change of the schema makes
    /// every other connection read them.
    static let statements = [
        // It makes the table of the statistics, which cannot be made by name.
        "ANALYZE schema_migrations",
        "DELETE FROM sqlite_stat1",
        """
        INSERT INTO sqlite_stat1 (tbl, idx, stat)
        SELECT t.name, CASE WHEN i.origin = 'pk' AND t.wr THEN t.name ELSE i.name END,
            CASE WHEN i.partial THEN '10000' ELSE '1000000' END
            || (SELECT group_concat(
                    CASE
                        WHEN i."unique" AND c.seqno = (SELECT MAX(l.seqno) FROM pragma_index_info(i.name) l) THEN ' 1'
                        WHEN c.name IN ('tenant', 'observer', 'action') AND c.seqno < 2
                            THEN CASE WHEN i.partial THEN ' 10000' ELSE ' 1000000' END
                        WHEN c.name = 'user_id' THEN ' 1000'
                        ELSE ' ' || MAX(2, 11 - c.seqno)
                    END, '')
                FROM (SELECT seqno, name FROM pragma_index_info(i.name) ORDER BY seqno) c)
            || ' noskipscan'
        FROM pragma_table_list t JOIN pragma_index_list(t.name) i
        WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%'
        """,
        // It makes this connection read them.
        "ANALYZE sqlite_schema",
    ]
}
