// The functions of libsqlite3 that Earshot uses, declared here so that no -dev package is needed.
#ifndef EARSHOT_CSQLITE_H
#define EARSHOT_CSQLITE_H
const char *sqlite3_libversion(void);
#endif
