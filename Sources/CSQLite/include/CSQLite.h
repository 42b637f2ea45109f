// The functions of libsqlite3 that Earshot uses, declared here so that no -dev package is needed. The names, the
// numbers and their meanings are SQLite's (https://sqlite.org/c3ref/intro.html); names that begin with earshot_ are
// ours, for calls that Swift cannot express.
#ifndef EARSHOT_CSQLITE_H
#define EARSHOT_CSQLITE_H
#include <stdint.h>

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;

enum {
    SQLITE_OK = 0, SQLITE_PERM = 3, SQLITE_BUSY = 5, SQLITE_LOCKED = 6, SQLITE_READONLY = 8, SQLITE_IOERR = 10,
    SQLITE_CORRUPT = 11, SQLITE_FULL = 13, SQLITE_CANTOPEN = 14, SQLITE_NOTADB = 26, SQLITE_ROW = 100,
    SQLITE_DONE = 101
};
enum {
    SQLITE_OPEN_READONLY = 0x1, SQLITE_OPEN_READWRITE = 0x2, SQLITE_OPEN_CREATE = 0x4, SQLITE_OPEN_NOMUTEX = 0x8000,
    SQLITE_OPEN_EXRESCODE = 0x2000000
};
enum { SQLITE_PREPARE_PERSISTENT = 1 };

const char *sqlite3_libversion(void);
int sqlite3_open_v2(const char *path, sqlite3 **database, int flags, const char *vfs);
int sqlite3_close_v2(sqlite3 *database);
const char *sqlite3_errmsg(sqlite3 *database);
int sqlite3_extended_errcode(sqlite3 *database);
int sqlite3_system_errno(sqlite3 *database);
int sqlite3_busy_timeout(sqlite3 *database, int milliseconds);
int sqlite3_get_autocommit(sqlite3 *database);
int sqlite3_changes(sqlite3 *database);
int sqlite3_exec(
    sqlite3 *database, const char *sql, int (*row)(void *, int, char **, char **), void *context, char **error);

int sqlite3_prepare_v3(
    sqlite3 *database, const char *sql, int byteCount, unsigned flags, sqlite3_stmt **statement, const char **rest);
int sqlite3_step(sqlite3_stmt *statement);
int sqlite3_reset(sqlite3_stmt *statement);
int sqlite3_finalize(sqlite3_stmt *statement);
int sqlite3_bind_int64(sqlite3_stmt *statement, int place, int64_t value);
int sqlite3_bind_null(sqlite3_stmt *statement, int place);
// Both copy the bytes.
int earshot_bind_blob(sqlite3_stmt *statement, int place, const void *bytes, int count);
int earshot_bind_text(sqlite3_stmt *statement, int place, const void *utf8, int count);
// Does not copy: the bytes must stay valid until the statement has been reset.
int earshot_bind_lasting_blob(sqlite3_stmt *statement, int place, const void *bytes, int count);
int64_t sqlite3_column_int64(sqlite3_stmt *statement, int column);
const void *sqlite3_column_blob(sqlite3_stmt *statement, int column);
int sqlite3_column_bytes(sqlite3_stmt *statement, int column);

// Extends the write-ahead log before commits need the space: a commit that extends the file also waits for the file
// system's own journal, which on ext4 takes more than twice as long. Replaces SQLite's own checkpoint hook.
void earshot_grow_ahead(sqlite3 *database);

#include "CSQLiteVFS.h"
#endif
