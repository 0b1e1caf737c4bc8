/*
 * A power cut for one process, without a machine to pull the plug on. Preloaded, it copies to a shadow folder
 * exactly what a successful fsync has made durable; unlink and rename are repeated there. Whoever restarts from
 * the shadow has what a disk would have after the power went: only fsynced bytes.
 *
 * It models neither lost directory entries nor a disk that lies about fsync. Bytes that were written but not
 * synced may survive on a real disk; the proof adds a random part of them itself (power-cut.ts).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES_MAX 8
#define RANGES_MAX 65536
#define NAME_BYTES_MAX 256

struct range { off_t offset; size_t length; };
/* What was written to a file since its last fsync. */
struct file { char name[NAME_BYTES_MAX]; size_t count; int overflowed; struct range ranges[RANGES_MAX]; };

static struct file files[FILES_MAX];
static size_t file_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char watched[PATH_MAX];
static char shadow[PATH_MAX];

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static int (*real_ftruncate)(int, off_t);

__attribute__((constructor)) static void start(void) {
  const char *from = getenv("POWER_CUT_WATCHED");
  const char *to = getenv("POWER_CUT_SHADOW");
  if (from != NULL && to != NULL) {
    snprintf(watched, sizeof watched, "%s/", from);
    snprintf(shadow, sizeof shadow, "%s", to);
  }
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
}

/* The name inside the watched folder, or NULL. The log's index lives in shared memory and is never synced. */
static const char *to_name(const char *path) {
  size_t length = strlen(watched);
  if (length == 0 || strncmp(path, watched, length) != 0) return NULL;
  const char *name = path + length;
  size_t name_length = strlen(name);
  if (name_length == 0 || name_length >= NAME_BYTES_MAX || strchr(name, '/') != NULL) return NULL;
  if (name_length > 4 && strcmp(name + name_length - 4, "-shm") == 0) return NULL;
  return name;
}

static const char *to_name_of_fd(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return NULL;
  path[length] = 0;
  return to_name(path);
}

static struct file *find(const char *name) {
  for (size_t index = 0; index < file_count; index += 1)
    if (strcmp(files[index].name, name) == 0) return &files[index];
  if (file_count == FILES_MAX) abort();
  struct file *added = &files[file_count++];
  strcpy(added->name, name);
  return added;
}

static int open_shadow(const char *name) {
  char path[PATH_MAX + NAME_BYTES_MAX];
  snprintf(path, sizeof path, "%s/%s", shadow, name);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) abort();
  return fd;
}

static void copy(int from, int to, off_t offset, size_t length) {
  static char buffer[1 << 16];
  while (length > 0) {
    ssize_t got = pread(from, buffer, length < sizeof buffer ? length : sizeof buffer, offset);
    if (got <= 0) return;
    if (real_pwrite(to, buffer, got, offset) != got) abort();
    offset += got;
    length -= got;
  }
}

/* After a successful fsync: what was written since the last one has survived. */
static void keep(int fd) {
  char path[PATH_MAX];
  const char *name = to_name_of_fd(fd, path);
  struct stat real;
  if (name == NULL || fstat(fd, &real) != 0 || !S_ISREG(real.st_mode)) return;
  pthread_mutex_lock(&lock);
  struct file *file = find(name);
  int to = open_shadow(name);
  if (file->overflowed) copy(fd, to, 0, real.st_size);
  else
    for (size_t index = 0; index < file->count; index += 1)
      copy(fd, to, file->ranges[index].offset, file->ranges[index].length);
  if (real_ftruncate(to, real.st_size) != 0) abort();
  file->count = 0;
  file->overflowed = 0;
  close(to);
  pthread_mutex_unlock(&lock);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
  ssize_t written = real_pwrite(fd, bytes, length, offset);
  char path[PATH_MAX];
  const char *name = written > 0 ? to_name_of_fd(fd, path) : NULL;
  if (name != NULL) {
    pthread_mutex_lock(&lock);
    struct file *file = find(name);
    if (file->count == RANGES_MAX) file->overflowed = 1;
    else file->ranges[file->count++] = (struct range){offset, (size_t)written};
    pthread_mutex_unlock(&lock);
  }
  return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}

int fsync(int fd) {
  int result = real_fsync(fd);
  if (result == 0) keep(fd);
  return result;
}

int fdatasync(int fd) {
  int result = real_fdatasync(fd);
  if (result == 0) keep(fd);
  return result;
}

int unlink(const char *path) {
  int result = real_unlink(path);
  const char *name = result == 0 ? to_name(path) : NULL;
  if (name != NULL) {
    char twin[PATH_MAX + NAME_BYTES_MAX];
    snprintf(twin, sizeof twin, "%s/%s", shadow, name);
    real_unlink(twin);
    pthread_mutex_lock(&lock);
    find(name)->count = 0;
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int rename(const char *from, const char *to) {
  int result = real_rename(from, to);
  const char *old_name = result == 0 ? to_name(from) : NULL;
  const char *new_name = result == 0 ? to_name(to) : NULL;
  if (old_name != NULL && new_name != NULL) {
    char old_twin[PATH_MAX + NAME_BYTES_MAX], new_twin[PATH_MAX + NAME_BYTES_MAX];
    snprintf(old_twin, sizeof old_twin, "%s/%s", shadow, old_name);
    snprintf(new_twin, sizeof new_twin, "%s/%s", shadow, new_name);
    real_rename(old_twin, new_twin);
  }
  return result;
}
