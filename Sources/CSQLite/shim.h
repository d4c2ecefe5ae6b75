#include <sqlite3.h>

// Extended result codes are macros with arithmetic, which Swift does not import.
static const int sqlite_constraint_unique = SQLITE_CONSTRAINT_UNIQUE;
static const int sqlite_constraint_primary_key = SQLITE_CONSTRAINT_PRIMARYKEY;
static const int sqlite_constraint_check = SQLITE_CONSTRAINT_CHECK;
static const int sqlite_constraint_foreign_key = SQLITE_CONSTRAINT_FOREIGNKEY;
static const int sqlite_constraint_not_null = SQLITE_CONSTRAINT_NOTNULL;
