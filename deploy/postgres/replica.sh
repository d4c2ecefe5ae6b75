#!/bin/bash
# Copies the primary into an empty data directory, then follows it. The slot makes the primary keep what a replica that
# was away still needs.
set -euo pipefail

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    export PGPASSWORD=$REPLICATION_PASSWORD
    install -d -m 700 -o postgres -g postgres "$PGDATA"
    # A slot of an earlier attempt is taken again.
    gosu postgres pg_basebackup --host="$PRIMARY_HOST" --username=replicator --pgdata="$PGDATA" \
        --write-recovery-conf --wal-method=stream --checkpoint=fast --create-slot --slot=replica_1 \
        || gosu postgres pg_basebackup --host="$PRIMARY_HOST" --username=replicator --pgdata="$PGDATA" \
            --write-recovery-conf --wal-method=stream --checkpoint=fast --slot=replica_1
fi
exec gosu postgres postgres -c hot_standby=on
