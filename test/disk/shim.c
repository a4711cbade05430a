/*
 * Preloaded into a server: operations on files below FAULT_FOLDER fail, or take long, when the file FAULT_CONTROL says
 * so: "write EIO", "sync ENOSPC", "open EIO", "rename EIO", "sync 8000" (milliseconds). An empty file: all is well.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int control(char *text, size_t size) {
  const char *path = getenv("FAULT_CONTROL");
  if (path == NULL) return 0;
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  ssize_t length = syscall(SYS_read, fd, text, size - 1);
  syscall(SYS_close, fd);
  text[length > 0 ? length : 0] = 0;
  return length > 0;
}

static int is_below(const char *path) {
  const char *folder = getenv("FAULT_FOLDER");
  return folder != NULL && path != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_ours(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_below(path);
}

/* Whether the operation shall fail; waits where it shall take long. */
static int fails(const char *operation) {
  char text[64], named[16], what[16];
  if (!control(text, sizeof text) || sscanf(text, "%15s %15s", named, what) != 2) return 0;
  if (strcmp(named, operation) != 0) return 0;
  int milliseconds = atoi(what);
  if (milliseconds > 0) {
    for (; milliseconds > 0; milliseconds -= 100) usleep(100000);
    return 0;
  }
  errno = strcmp(what, "ENOSPC") == 0 ? ENOSPC : strcmp(what, "EROFS") == 0 ? EROFS : EIO;
  return 1;
}

static int fails_to_write(int fd) {
  if (!is_ours(fd)) return 0;
  return fails("write") || ((fcntl(fd, F_GETFL) & O_DSYNC) != 0 && fails("sync"));
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t count) {
  return fails_to_write(fd) ? -1 : REAL(write)(fd, bytes, count);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  return fails_to_write(fd) ? -1 : REAL(writev)(fd, parts, count);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  return fails_to_write(fd) ? -1 : REAL(pwrite)(fd, bytes, count, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  return fails_to_write(fd) ? -1 : REAL(pwrite64)(fd, bytes, count, at);
}
int fsync(int fd) { return is_ours(fd) && fails("sync") ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return is_ours(fd) && fails("sync") ? -1 : REAL(fdatasync)(fd); }
int rename(const char *from, const char *to) {
  return is_below(to) && fails("rename") ? -1 : REAL(rename)(from, to);
}

static int opens(const char *path, int flags) {
  return is_below(path) && (flags & (O_WRONLY | O_RDWR)) != 0 && fails("open");
}
int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = va_arg(more, int);
  va_end(more);
  return opens(path, flags) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = va_arg(more, int);
  va_end(more);
  return opens(path, flags) ? -1 : REAL(open64)(path, flags, mode);
}
