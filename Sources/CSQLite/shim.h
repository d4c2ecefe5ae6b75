#include <sqlite3.h>

// Extended result codes are macros with arithmetic, which Swift does not import.
static const int sqlite_constraint_unique = SQLITE_CONSTRAINT_UNIQUE;
static const int sqlite_constraint_primary_key = SQLITE_CONSTRAINT_PRIMARYKEY;
static const int sqlite_constraint_check = SQLITE_CONSTRAINT_CHECK;
static const int sqlite_constraint_foreign_key = SQLITE_CONSTRAINT_FOREIGNKEY;
static const int sqlite_constraint_not_null = SQLITE_CONSTRAINT_NOTNULL;

// sqlite3_config takes variable arguments, which Swift does not import. Without the memory statistics every allocation
// of every connection is spared a global lock.
static inline int sqlite_disable_memory_statistics(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

// Brings what was written to the main file of a connection to the disk, through the connection's own file: another
// descriptor of the same file would lose SQLite its locks when it is closed.
static inline int sqlite_sync_main_file(sqlite3 *connection) {
    sqlite3_file *file = 0;
    int code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK || file == 0 || file->pMethods == 0) return code;
    return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}
