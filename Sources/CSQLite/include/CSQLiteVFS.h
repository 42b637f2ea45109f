// SQLite's interface to files (https://sqlite.org/vfs.html), for tests that provide a disk of their own.
#ifndef EARSHOT_CSQLITE_VFS_H
#define EARSHOT_CSQLITE_VFS_H
#include <stdint.h>

typedef struct sqlite3_file sqlite3_file;
typedef struct sqlite3_io_methods sqlite3_io_methods;
typedef struct sqlite3_vfs sqlite3_vfs;

enum {
    SQLITE_NOTFOUND = 12, SQLITE_OPEN_DELETEONCLOSE = 0x8, SQLITE_IOERR_READ = 10 | 1 << 8,
    SQLITE_IOERR_SHORT_READ = 10 | 2 << 8, SQLITE_IOERR_WRITE = 10 | 3 << 8, SQLITE_IOERR_FSYNC = 10 | 4 << 8
};

// Version 1 of the methods: it has no shared memory, so it serves one process with locking_mode EXCLUSIVE.
struct sqlite3_io_methods {
    int iVersion;
    int (*xClose)(sqlite3_file *);
    int (*xRead)(sqlite3_file *, void *, int count, int64_t offset);
    int (*xWrite)(sqlite3_file *, const void *, int count, int64_t offset);
    int (*xTruncate)(sqlite3_file *, int64_t size);
    int (*xSync)(sqlite3_file *, int flags);
    int (*xFileSize)(sqlite3_file *, int64_t *size);
    int (*xLock)(sqlite3_file *, int);
    int (*xUnlock)(sqlite3_file *, int);
    int (*xCheckReservedLock)(sqlite3_file *, int *result);
    int (*xFileControl)(sqlite3_file *, int operation, void *argument);
    int (*xSectorSize)(sqlite3_file *);
    int (*xDeviceCharacteristics)(sqlite3_file *);
};

// SQLite allocates szOsFile bytes for each file; `context` is ours.
struct sqlite3_file {
    const sqlite3_io_methods *pMethods;
    void *context;
};

struct sqlite3_vfs {
    int iVersion;
    int szOsFile;
    int mxPathname;
    sqlite3_vfs *pNext;
    const char *zName;
    void *pAppData;
    int (*xOpen)(sqlite3_vfs *, const char *name, sqlite3_file *, int flags, int *outFlags);
    int (*xDelete)(sqlite3_vfs *, const char *name, int syncDirectory);
    int (*xAccess)(sqlite3_vfs *, const char *name, int flags, int *result);
    int (*xFullPathname)(sqlite3_vfs *, const char *name, int count, char *out);
    void *(*xDlOpen)(sqlite3_vfs *, const char *);
    void (*xDlError)(sqlite3_vfs *, int, char *);
    void (*(*xDlSym)(sqlite3_vfs *, void *, const char *))(void);
    void (*xDlClose)(sqlite3_vfs *, void *);
    int (*xRandomness)(sqlite3_vfs *, int count, char *out);
    int (*xSleep)(sqlite3_vfs *, int microseconds);
    int (*xCurrentTime)(sqlite3_vfs *, double *);
    int (*xGetLastError)(sqlite3_vfs *, int, char *);
};

int sqlite3_vfs_register(sqlite3_vfs *vfs, int makeDefault);
int sqlite3_vfs_unregister(sqlite3_vfs *vfs);
#endif
