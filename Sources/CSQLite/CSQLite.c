#include "CSQLite.h"

typedef void (*sqlite3_destructor_type)(void *);
int sqlite3_bind_blob(sqlite3_stmt *, int, const void *, int, sqlite3_destructor_type);
int sqlite3_bind_text(sqlite3_stmt *, int, const char *, int, sqlite3_destructor_type);

// SQLITE_TRANSIENT: a cast that Swift does not have.
static const sqlite3_destructor_type transient = (sqlite3_destructor_type)-1;

// An empty blob must not be bound as a null pointer, which would be NULL.
int earshot_bind_blob(sqlite3_stmt *statement, int place, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, place, bytes ? bytes : "", count, transient);
}

int earshot_bind_text(sqlite3_stmt *statement, int place, const void *utf8, int count) {
    return sqlite3_bind_text(statement, place, utf8 ? utf8 : "", count, transient);
}
