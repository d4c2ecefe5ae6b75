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
