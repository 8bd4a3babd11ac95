/* A file system without a lock service: POSIX locks fail with ENOLCK. With NO_SHARED_MEMORY
 * in the environment locks work, but no file can be mapped to be shared. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

static int without_memory(void) { return getenv("NO_SHARED_MEMORY") != NULL; }

static int control(const char *name, int file, int command, void *argument) {
  int (*real)(int, int, ...) = (int (*)(int, int, ...))dlsym(RTLD_NEXT, name);
  if (!without_memory() && (command == F_SETLK || command == F_SETLKW || command == F_GETLK)) {
    errno = ENOLCK;
    return -1;
  }
  return real(file, command, argument);
}

#define CONTROL(name)                            \
  int name(int file, int command, ...) {         \
    va_list arguments;                           \
    va_start(arguments, command);                \
    void *argument = va_arg(arguments, void *);  \
    va_end(arguments);                           \
    return control(#name, file, command, argument); \
  }

CONTROL(fcntl)
CONTROL(fcntl64)

static void *map(const char *name, void *at, size_t bytes, int protection, int flags, int file, off_t from) {
  void *(*real)(void *, size_t, int, int, int, off_t) = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, name);
  if (without_memory() && file >= 0 && (flags & MAP_SHARED)) {
    errno = ENODEV;
    return MAP_FAILED;
  }
  return real(at, bytes, protection, flags, file, from);
}

void *mmap(void *at, size_t bytes, int protection, int flags, int file, off_t from) {
  return map("mmap", at, bytes, protection, flags, file, from);
}

void *mmap64(void *at, size_t bytes, int protection, int flags, int file, off_t from) {
  return map("mmap64", at, bytes, protection, flags, file, from);
}
