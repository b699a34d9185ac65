/* Faults of a file system and of a clock, injected below Python: compiled and preloaded by tests/faults.
 *
 * Calls that concern files below one folder are counted by kind. From fault_arm() on, the call with the given number
 * fails with an error number, or kills the process; "sticky" faults repeat for every later call of the kind, as on a
 * full disk. Everything else goes to the C library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE, FSYNC, RENAME, OPEN, KINDS };

static char root[PATH_MAX];
static atomic_long counts[KINDS];
static int armed = -1, number, sticky;
static long at;
static long clock_calls_left = -1, clock_shift;

void fault_arm(const char *folder, int kind, long call, int error, int repeats) {
    strncpy(root, folder, sizeof root - 1);
    for (int i = 0; i < KINDS; i++) atomic_store(&counts[i], 0);
    armed = kind; at = call; number = error; sticky = repeats;
}

long fault_count(int kind) { return atomic_load(&counts[kind]); }

/* After so many readings of the clock the time of day jumps by so many seconds. */
void fault_clock(long calls, long seconds) { clock_calls_left = calls; clock_shift = seconds; }

static int below(const char *path) {
    size_t length = strlen(root);
    return length && strncmp(path, root, length) == 0;
}

static int below_at(int folder, const char *path) {
    char link[64], name[PATH_MAX];
    if (path[0] == '/') return below(path);
    if (folder == AT_FDCWD) return getcwd(name, sizeof name) && below(name);
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t n = readlink(link, name, sizeof name - 1);
    if (n < 0) return 0;
    name[n] = 0;
    return below(name);
}

static int below_fd(int fd) { return below_at(fd, "."); }

/* Whether this call is to fail; errno is set then. */
static int fails(enum kind kind) {
    long call = atomic_fetch_add(&counts[kind], 1) + 1;
    if (armed != (int)kind || !(call == at || (sticky && call > at))) return 0;
    if (number < 0) kill(getpid(), -number);
    errno = number;
    return number > 0;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return root[0] && below_fd(fd) && fails(WRITE) ? -1 : real(fd, data, size);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return root[0] && below_fd(fd) && fails(WRITE) ? -1 : real(fd, parts, count);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return root[0] && below_fd(fd) && fails(WRITE) ? -1 : real(fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return root[0] && below_fd(fd) && fails(WRITE) ? -1 : real(fd, data, size, offset);
}
int fsync(int fd) {
    REAL(int, "fsync", int);
    return root[0] && below_fd(fd) && fails(FSYNC) ? -1 : real(fd);
}
int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return root[0] && below_fd(fd) && fails(FSYNC) ? -1 : real(fd);
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return root[0] && below_at(AT_FDCWD, to) && fails(RENAME) ? -1 : real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return root[0] && below_at(b, to) && fails(RENAME) ? -1 : real(a, from, b, to);
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    return root[0] && below_at(b, to) && fails(RENAME) ? -1 : real(a, from, b, to, flags);
}

static int opens(int folder, const char *path, int flags) {
    return root[0] && (flags & (O_WRONLY | O_RDWR | O_CREAT)) && below_at(folder, path) && fails(OPEN);
}
#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) {
    REAL(int, "open", const char *, int, ...);
    MODE(flags);
    return opens(AT_FDCWD, path, flags) ? -1 : real(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    REAL(int, "open64", const char *, int, ...);
    MODE(flags);
    return opens(AT_FDCWD, path, flags) ? -1 : real(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    REAL(int, "openat", int, const char *, int, ...);
    MODE(flags);
    return opens(folder, path, flags) ? -1 : real(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    REAL(int, "openat64", int, const char *, int, ...);
    MODE(flags);
    return opens(folder, path, flags) ? -1 : real(folder, path, flags, mode);
}

int clock_gettime(clockid_t clock, struct timespec *found) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int code = real(clock, found);
    if (clock == CLOCK_REALTIME && clock_calls_left >= 0) {
        if (clock_calls_left == 0) found->tv_sec += clock_shift;
        else clock_calls_left--;
    }
    return code;
}
