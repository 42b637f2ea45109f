#include "CSQLite.h"

typedef void (*sqlite3_destructor_type)(void *);
int sqlite3_bind_blob(sqlite3_stmt *, int, const void *, int, sqlite3_destructor_type);
int sqlite3_bind_text(sqlite3_stmt *, int, const char *, int, sqlite3_destructor_type);

// SQLITE_TRANSIENT, a cast that Swift cannot express.
static const sqlite3_destructor_type transient = (sqlite3_destructor_type)-1;

// An empty blob must not be bound as a null pointer, which would mean NULL.
int earshot_bind_blob(sqlite3_stmt *statement, int place, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, place, bytes ? bytes : "", count, transient);
}

int earshot_bind_lasting_blob(sqlite3_stmt *statement, int place, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, place, bytes ? bytes : "", count, 0);
}

int earshot_bind_text(sqlite3_stmt *statement, int place, const void *utf8, int count) {
    return sqlite3_bind_text(statement, place, utf8 ? utf8 : "", count, transient);
}

void *sqlite3_wal_hook(sqlite3 *, int (*)(void *, sqlite3 *, const char *, int), void *);
int sqlite3_wal_checkpoint_v2(sqlite3 *, const char *, int mode, int *, int *);
int sqlite3_file_control(sqlite3 *, const char *, int operation, void *);

enum { checkpointPassive = 0, journalPointer = 28 };

// The format of the write-ahead log (https://sqlite.org/fileformat.html#walformat), with SQLite's default page size.
enum { headerBytes = 32, frameBytes = 24 + 4096 };
// The number of frames at which the log is checkpointed: SQLite's default.
enum { checkpointFrames = 1000 };
// The number of frames to add at a time, and the number of free frames below which to add them. The last step ends at
// the size to which SQLite truncates the log (journal_size_limit).
enum { stepFrames = 128, spareFrames = 32, mostBytes = 4 << 20 };

// Zeros after the last frame are not a frame: readers of the log stop there. A failed write is left to the commit that
// needs the space.
static void lengthen(sqlite3 *database, int frames) {
    static const char zeros[8192];
    sqlite3_file *file = 0;
    int64_t size = 0;
    if (sqlite3_file_control(database, "main", journalPointer, &file) != SQLITE_OK || !file || !file->pMethods) return;
    if (file->pMethods->xFileSize(file, &size) != SQLITE_OK) return;
    if (size >= headerBytes + (int64_t)(frames + spareFrames) * frameBytes) return;
    int64_t end = size + (int64_t)stepFrames * frameBytes;
    if (end > mostBytes) end = mostBytes;
    while (size < end) {
        int count = end - size < (int64_t)sizeof zeros ? (int)(end - size) : (int)sizeof zeros;
        if (file->pMethods->xWrite(file, zeros, count, size) != SQLITE_OK) return;
        size += count;
    }
}

static int committed(void *context, sqlite3 *database, const char *name, int frames) {
    (void)context;
    if (frames >= checkpointFrames)
        sqlite3_wal_checkpoint_v2(database, name, checkpointPassive, 0, 0);
    else
        lengthen(database, frames);
    return SQLITE_OK;
}

void earshot_grow_ahead(sqlite3 *database) {
    sqlite3_wal_hook(database, committed, 0);
    lengthen(database, 0);
}
