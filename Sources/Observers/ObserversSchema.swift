public import Storage

/// The tables of observers.
public enum ObserversSchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "observers",
        [
            Migration(
                1, "observers and deliveries",
                [
                    // `own_position` is where an observer stands that is paused or catches up; the others share one.
                    // Events up to `started_after` are older than what it was made for.
                    """
                    CREATE TABLE observers (
                        tenant BIGINT NOT NULL,
                        id {identifier} NOT NULL,
                        number BIGINT NOT NULL UNIQUE,
                        name TEXT NOT NULL,
                        version BIGINT NOT NULL,
                        definition TEXT NOT NULL,
                        enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
                        paused BIGINT NOT NULL CHECK (paused IN (0, 1)),
                        paused_because TEXT,
                        managed_by TEXT NOT NULL CHECK (managed_by IN ('api', 'file')),
                        own_position BIGINT,
                        started_after BIGINT NOT NULL,
                        created_at BIGINT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        PRIMARY KEY (tenant, id))
                    """,
                    "CREATE UNIQUE INDEX observers_by_name ON observers (tenant, name)",
                    """
                    CREATE TABLE observer_versions (
                        tenant BIGINT NOT NULL,
                        observer BIGINT NOT NULL,
                        version BIGINT NOT NULL,
                        definition TEXT NOT NULL,
                        actor TEXT NOT NULL,
                        created_at BIGINT NOT NULL,
                        PRIMARY KEY (tenant, observer, version))
                    """,
                    // One row: how far the log is matched, and a number that grows with each change of an observer.
                    """
                    CREATE TABLE observer_progress (
                        name TEXT PRIMARY KEY,
                        position BIGINT NOT NULL,
                        generation BIGINT NOT NULL,
                        last_number BIGINT NOT NULL)
                    """,
                    "INSERT INTO observer_progress SELECT 'log', COALESCE(MAX(position), 0), 1, 0 FROM changes",
                    // What is to be done, and what was done: one row for each event and action, which is the ledger
                    // that keeps an event from being done twice.
                    """
                    CREATE TABLE deliveries (
                        observer BIGINT NOT NULL,
                        action BIGINT NOT NULL,
                        position BIGINT NOT NULL,
                        replay BIGINT NOT NULL,
                        tenant BIGINT NOT NULL,
                        lane BIGINT NOT NULL,
                        partition BIGINT NOT NULL,
                        state BIGINT NOT NULL,
                        attempts BIGINT NOT NULL,
                        due_at BIGINT NOT NULL,
                        event_at BIGINT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        failure TEXT,
                        PRIMARY KEY (observer, action, position, replay)) {clustered}
                    """,
                    """
                    CREATE INDEX deliveries_waiting ON deliveries (observer, action, position, replay) WHERE state = 0
                    """,
                    "CREATE INDEX deliveries_retrying ON deliveries (observer, action, due_at) WHERE state = 1",
                    """
                    CREATE INDEX deliveries_lanes ON deliveries (observer, action, lane, position, replay)
                    WHERE state IN (1, 2)
                    """,
                    // The event of a delivery that could not be made, kept whatever becomes of the log. One that is
                    // retried stays until it is delivered.
                    """
                    CREATE TABLE dead_letters (
                        observer BIGINT NOT NULL,
                        action BIGINT NOT NULL,
                        position BIGINT NOT NULL,
                        replay BIGINT NOT NULL,
                        tenant BIGINT NOT NULL,
                        event TEXT NOT NULL,
                        reason TEXT NOT NULL,
                        message TEXT NOT NULL,
                        attempts BIGINT NOT NULL,
                        created_at BIGINT NOT NULL,
                        retried BIGINT NOT NULL CHECK (retried IN (0, 1)),
                        PRIMARY KEY (observer, action, position, replay))
                    """,
                    // A part of the log that an observer is led through once more.
                    """
                    CREATE TABLE observer_replays (
                        number BIGINT PRIMARY KEY,
                        tenant BIGINT NOT NULL,
                        observer BIGINT NOT NULL,
                        position BIGINT NOT NULL,
                        last_position BIGINT NOT NULL,
                        actor TEXT NOT NULL,
                        created_at BIGINT NOT NULL,
                        done BIGINT NOT NULL CHECK (done IN (0, 1)))
                    """,
                    "CREATE INDEX observer_replays_open ON observer_replays (number) WHERE done = 0",
                    // On a shared database: who delivers what, and who matches (partition 0).
                    """
                    CREATE TABLE observer_instances (
                        instance TEXT PRIMARY KEY,
                        seen_at BIGINT NOT NULL)
                    """,
                    """
                    CREATE TABLE observer_partitions (
                        number BIGINT PRIMARY KEY,
                        holder TEXT NOT NULL,
                        token BIGINT NOT NULL,
                        expires_at BIGINT NOT NULL)
                    """,
                    """
                    INSERT INTO observer_partitions (number, holder, token, expires_at) VALUES (0, '', 0, 0),
                        (1, '', 0, 0), (2, '', 0, 0), (3, '', 0, 0), (4, '', 0, 0), (5, '', 0, 0), (6, '', 0, 0),
                        (7, '', 0, 0), (8, '', 0, 0), (9, '', 0, 0), (10, '', 0, 0), (11, '', 0, 0), (12, '', 0, 0),
                        (13, '', 0, 0), (14, '', 0, 0), (15, '', 0, 0), (16, '', 0, 0)
                    """,
                    "CREATE INDEX dead_letters_by_time ON dead_letters (tenant, created_at) WHERE retried = 0",
                ]),
            Migration(
                2, "event index",
                [
                    // An event with its words, by which those are found again when the log forgets it.
                    """
                    CREATE TABLE event_index (
                        position BIGINT PRIMARY KEY,
                        tenant BIGINT NOT NULL,
                        changed_at BIGINT NOT NULL,
                        words TEXT NOT NULL)
                    """,
                    """
                    CREATE TABLE event_words (
                        tenant BIGINT NOT NULL,
                        word TEXT NOT NULL,
                        position BIGINT NOT NULL,
                        PRIMARY KEY (tenant, word, position)) {clustered}
                    """,
                ]),
            Migration(
                3, "what is done by time",
                // By which what was done long ago is found to be forgotten.
                ["CREATE INDEX deliveries_done ON deliveries (updated_at) WHERE state IN (3, 5)"]),
            Migration(
                4, "what waits with its lane",
                [
                    // The lane is there so that those of an entity that has many are passed over in the index.
                    "DROP INDEX deliveries_waiting",
                    """
                    CREATE INDEX deliveries_waiting ON deliveries (observer, action, position, replay, lane)
                    WHERE state = 0
                    """,
                ]),
            Migration(
                5, "where a replay began",
                // By which it is known of an event whether a replay has come to it; NULL in those from before.
                ["ALTER TABLE observer_replays ADD COLUMN first_position BIGINT"]),
        ])
}
