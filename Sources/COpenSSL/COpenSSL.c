// COpenSSL has declarations only; SwiftPM wants one source file in a C target.
#include "COpenSSL.h"
