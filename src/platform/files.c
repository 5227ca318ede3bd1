/* Every write goes temp file, fsync, rename, fsync of the folder: whoever looks sees the old
 * bytes or the new ones, also after a power cut. An fsync that failed is never repeated: the
 * kernel may have dropped the pages, and a second call would claim success. */
#include "platform/files.h"
#include "platform/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FILE_MODE 0600
#define FOLDER_MODE 0700
#define TEMP_PREFIX ".tmp-"
/* NAME_MAX is 255; the rest is for prefix, process and number. */
#define TEMP_NAME_BYTES 200
#define TEMP_TRIES 100
#define LOCK_NAP_MAX_US 50000
#define LOCKS_LIMIT (1024u * 1024u)

int (*files_before_mutation)(const char *what, const char *path) = NULL;

/* TRUE to go on; FALSE with errno set when a test injected a fault. */
static gboolean may_mutate(const char *what, const char *path)
{
    if (files_before_mutation == NULL)
        return TRUE;
    int fault = files_before_mutation(what, path);
    if (fault > 0)
        errno = fault;
    return fault <= 0;
}

static gboolean fail_with(GError **error, failure_code code, const char *path, const char *what)
{
    int reason = errno;
    g_autofree char *name = failure_path(path);
    g_set_error(error, FAILURE, code, "%s: cannot %s: %s", name, what, g_strerror(reason));
    return FALSE;
}

static gboolean fail(GError **error, const char *path, const char *what)
{
    return fail_with(error, FAILURE_IO, path, what);
}

/* Of something that had to be there: absent is a failure of its own. */
static gboolean fail_to_find(GError **error, const char *path, const char *what)
{
    return fail_with(error, errno == ENOENT ? FAILURE_MISSING : FAILURE_IO, path, what);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* A descriptor of a regular file and its size, or -1. */
static int open_regular(const char *path, gsize *out_size, GError **error)
{
    /* O_NONBLOCK: opening a FIFO would otherwise wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        fail_to_find(error, path, "open");
        return -1;
    }
    struct stat info;
    if (fstat(fd, &info) != 0) {
        fail(error, path, "read");
    } else if (!S_ISREG(info.st_mode)) {
        g_autofree char *name = failure_path(path);
        g_set_error(error, FAILURE, FAILURE_IO, "%s: is %s (expected a regular file)", name,
                    S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
    } else {
        *out_size = (gsize)info.st_size;
        return fd;
    }
    close(fd);
    return -1;
}

/* Reads until the end of the file or size bytes; -1 with errno. */
static gssize read_up_to(int fd, char *into, gsize size)
{
    gsize at = 0;
    while (at < size) {
        ssize_t got = read(fd, into + at, size - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        at += (gsize)got;
    }
    return (gssize)at;
}

static GBytes *fail_too_large(GError **error, const char *path, gsize limit)
{
    g_autofree char *name = failure_path(path);
    g_set_error(error, FAILURE, FAILURE_IO,
                "%s: is too large (expected at most %" G_GSIZE_FORMAT " bytes)", name, limit);
    return NULL;
}

GBytes *files_read(const char *path, gsize limit, GError **error)
{
    gsize size = 0;
    int fd = open_regular(path, &size, error);
    if (fd < 0)
        return NULL;
    if (size > limit) {
        close(fd);
        return fail_too_large(error, path, limit);
    }
    /* One byte more tells whether the file grew since; /proc files say 0 and hold more. */
    gsize room = size > 0 ? size + 1 : MIN(limit, (gsize)65536) + 1;
    g_autofree char *bytes = g_try_malloc(room);
    gssize got = -1;
    if (bytes == NULL)
        errno = ENOMEM;
    else
        got = read_up_to(fd, bytes, room);
    int reason = errno;
    close(fd);
    errno = reason;
    if (got < 0) {
        fail(error, path, "read");
        return NULL;
    }
    if ((gsize)got == room) {
        if ((gsize)got > limit)
            return fail_too_large(error, path, limit);
        errno = EBUSY; /* it grew while we read: somebody is writing it */
        fail(error, path, "read");
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&bytes), (gsize)got);
}

gboolean files_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

gboolean files_readable_by_others(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & S_IROTH) != 0;
}

static void entry_clear(gpointer item)
{
    g_free(((files_entry *)item)->name);
}

static int compare_entries(gconstpointer a, gconstpointer b)
{
    return strcmp(((const files_entry *)a)->name, ((const files_entry *)b)->name);
}

/* Most file systems say in the folder what a name is, which spares a call for each. */
static files_kind kind_of(int folder, const struct dirent *item)
{
    struct stat info;
    switch (item->d_type) {
    case DT_REG:
        return FILES_REGULAR;
    case DT_DIR:
        return FILES_FOLDER;
    case DT_LNK:
        return FILES_LINK;
    case DT_UNKNOWN:
        break;
    default:
        return FILES_OTHER;
    }
    if (fstatat(folder, item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return FILES_OTHER;
    if (S_ISREG(info.st_mode))
        return FILES_REGULAR;
    if (S_ISDIR(info.st_mode))
        return FILES_FOLDER;
    return S_ISLNK(info.st_mode) ? FILES_LINK : FILES_OTHER;
}

/* FALSE when it could not be read to its end. */
static gboolean read_entries(DIR *dir, const char *folder, GArray *entries, GError **error)
{
    const struct dirent *item;
    for (errno = 0; (item = readdir(dir)) != NULL; errno = 0) {
        if (item->d_name[0] == '.')
            continue;
        if (entries->len >= FILES_LIST_LIMIT) {
            g_autofree char *quoted = failure_path(folder);
            g_set_error(error, FAILURE, FAILURE_IO, "%s: holds more than %u files", quoted,
                        FILES_LIST_LIMIT);
            return FALSE;
        }
        const files_entry entry = {g_strdup(item->d_name), kind_of(dirfd(dir), item)};
        g_array_append_val(entries, entry);
    }
    return errno == 0 || fail(error, folder, "list the folder");
}

GArray *files_entries(const char *folder, GError **error)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        fail_to_find(error, folder, "list the folder");
        return NULL;
    }
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(files_entry));
    g_array_set_clear_func(entries, entry_clear);
    const gboolean ok = read_entries(dir, folder, entries, error);
    closedir(dir);
    if (!ok)
        return NULL;
    g_array_sort(entries, compare_entries);
    return g_steal_pointer(&entries);
}

char **files_list(const char *folder, GError **error)
{
    g_autoptr(GArray) entries = files_entries(folder, error);
    if (entries == NULL)
        return NULL;
    char **names = g_new0(char *, entries->len + 1);
    for (guint i = 0; i < entries->len; i++)
        names[i] = g_steal_pointer(&g_array_index(entries, files_entry, i).name);
    return names;
}

/* ---- folders -------------------------------------------------------------------------------- */

gboolean files_sync_folder(const char *path, GError **error)
{
    if (!may_mutate("fsync", path))
        return fail(error, path, "sync the folder");
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(error, path, "open the folder");
    int result = fsync(fd);
    int reason = errno;
    close(fd);
    errno = reason;
    /* EINVAL: a file system without folder sync; there the rename itself is all there is. */
    return result == 0 || reason == EINVAL ? TRUE : fail(error, path, "sync the folder");
}

static gboolean sync_parent(const char *path, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);
    return files_sync_folder(parent, error);
}

/* One level; *out_made tells whether it is new. */
static gboolean make_one_folder(const char *path, gboolean *out_made, GError **error)
{
    struct stat info;
    *out_made = FALSE;
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return TRUE;
        errno = ENOTDIR;
        return fail(error, path, "make the folder");
    }
    if (!may_mutate("mkdir", path))
        return fail(error, path, "make the folder");
    *out_made = mkdir(path, FOLDER_MODE) == 0;
    /* Another process may have been quicker. */
    if (!*out_made && (errno != EEXIST || stat(path, &info) != 0 || !S_ISDIR(info.st_mode)))
        return fail(error, path, "make the folder");
    return TRUE;
}

gboolean files_make_folder(const char *path, GError **error)
{
    gboolean made;
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return TRUE;
    g_autofree char *parent = g_path_get_dirname(path);
    if (strcmp(parent, path) != 0 && strcmp(parent, ".") != 0 && !files_make_folder(parent, error))
        return FALSE;
    if (!make_one_folder(path, &made, error))
        return FALSE;
    return !made || files_sync_folder(parent, error);
}

void files_remove_leftovers(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    if (dir == NULL)
        return;
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_prefix(name, TEMP_PREFIX))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (may_mutate("unlink", path))
            unlink(path);
    }
}

/* ---- writing -------------------------------------------------------------------------------- */

static gboolean write_all(int fd, const char *path, const char *bytes, gsize count)
{
    gsize at = 0;
    while (at < count) {
        gsize size = count - at;
        if (files_before_mutation != NULL) {
            int fault = files_before_mutation("write", path);
            if (fault > 0) {
                errno = fault;
                return FALSE;
            }
            if (fault == FILES_SHORT_WRITE)
                size = 1;
        }
        ssize_t written = write(fd, bytes + at, size);
        if (written < 0 && errno != EINTR)
            return FALSE;
        if (written > 0)
            at += (gsize)written;
    }
    return TRUE;
}

/* A new file beside path. *out_temp is its name, caller frees. -1 with errno. */
static int create_temp(const char *path, char **out_temp)
{
    static gint number = 0;
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    for (int tries = 0; tries < TEMP_TRIES; tries++) {
        guint n = (guint)g_atomic_int_add(&number, 1);
        g_autofree char *temp = g_strdup_printf("%s/" TEMP_PREFIX "%.*s-%ld-%u", folder,
                                                TEMP_NAME_BYTES, name, (long)getpid(), n);
        if (!may_mutate("create", temp))
            return -1;
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        if (fd >= 0) {
            *out_temp = g_steal_pointer(&temp);
            return fd;
        }
        /* EEXIST: left by a process that had our number before. */
        if (errno != EEXIST && errno != EINTR)
            return -1;
    }
    return -1;
}

static gboolean write_and_sync(int fd, const char *temp, gconstpointer bytes, gsize count)
{
    gboolean ok = write_all(fd, temp, bytes, count) && may_mutate("fsync", temp) && fsync(fd) == 0;
    int reason = errno;
    /* On Linux the descriptor is gone even when close fails, and a late error counts. */
    if (close(fd) != 0 && ok)
        return FALSE;
    errno = reason;
    return ok;
}

gboolean files_replace(const char *path, gconstpointer bytes, gsize count, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *temp = NULL;
    if (!files_make_folder(folder, error))
        return FALSE;
    int fd = create_temp(path, &temp);
    if (fd < 0)
        return fail(error, path, "write");
    if (write_and_sync(fd, temp, bytes, count) && may_mutate("rename", path) &&
        rename(temp, path) == 0)
        return files_sync_folder(folder, error);
    fail(error, path, "write");
    if (may_mutate("unlink", temp))
        unlink(temp);
    return FALSE;
}

struct files_stream {
    char *path, *temp; /* temp NULL: nothing to remove any more */
    int fd;            /* -1: closed */
};

files_stream *files_stream_new(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *temp = NULL;
    if (!files_make_folder(folder, error))
        return NULL;
    int fd = create_temp(path, &temp);
    if (fd < 0) {
        fail(error, path, "write");
        return NULL;
    }
    files_stream *self = g_new(files_stream, 1);
    *self = (files_stream){g_strdup(path), g_steal_pointer(&temp), fd};
    return self;
}

gboolean files_stream_write(files_stream *self, gconstpointer bytes, gsize count, GError **error)
{
    return write_all(self->fd, self->temp, bytes, count) || fail(error, self->path, "write");
}

/* A link, unlike a rename, never takes another file's place; some file systems have none. */
static gboolean take_name(const files_stream *self, gboolean overwrite)
{
    if (overwrite)
        return rename(self->temp, self->path) == 0;
    if (link(self->temp, self->path) == 0) {
        unlink(self->temp);
        return TRUE;
    }
    if (errno != EPERM && errno != EOPNOTSUPP)
        return FALSE;
    if (files_exists(self->path)) {
        errno = EEXIST;
        return FALSE;
    }
    return rename(self->temp, self->path) == 0;
}

gboolean files_stream_finish(files_stream *self, gboolean overwrite, GError **error)
{
    int fd = self->fd;
    self->fd = -1;
    if (!write_and_sync(fd, self->temp, NULL, 0))
        return fail(error, self->path, "write");
    if (!may_mutate("rename", self->path) || !take_name(self, overwrite))
        return fail(error, self->path, "write");
    g_clear_pointer(&self->temp, g_free);
    return sync_parent(self->path, error);
}

void files_stream_free(files_stream *self)
{
    if (self == NULL)
        return;
    if (self->fd >= 0)
        close(self->fd);
    if (self->temp != NULL && may_mutate("unlink", self->temp))
        unlink(self->temp);
    g_free(self->temp);
    g_free(self->path);
    g_free(self);
}

gboolean files_rename(const char *from, const char *to, GError **error)
{
    if (!may_mutate("rename", to) || rename(from, to) != 0)
        return fail_to_find(error, from, "rename");
    g_autofree char *from_folder = g_path_get_dirname(from);
    g_autofree char *to_folder = g_path_get_dirname(to);
    if (!files_sync_folder(to_folder, error))
        return FALSE;
    return strcmp(from_folder, to_folder) == 0 || files_sync_folder(from_folder, error);
}

gboolean files_remove(const char *path, GError **error)
{
    if (!may_mutate("unlink", path) || unlink(path) != 0) {
        if (errno == ENOENT)
            return TRUE;
        return fail(error, path, "remove");
    }
    return sync_parent(path, error);
}

void files_remove_empty_folder(const char *path)
{
    if (may_mutate("rmdir", path))
        rmdir(path);
}

/* ---- locks ---------------------------------------------------------------------------------- */

/* Open-file-description locks: they end with the process, survive a close of another descriptor
 * of the same file, and a second take in one process conflicts as it should. The file stays when
 * the lock is freed: removing it would let two holders lock two files of one name. */
struct files_lock {
    int fd;
};

/* 1 taken, 0 held by another, -1 failed. */
static int try_lock(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return 1;
    return errno == EAGAIN || errno == EACCES || errno == EINTR ? 0 : -1;
}

/* Naps grow from 1 to 50 ms: a short hold costs little delay, a long one few wake-ups. */
static int lock_within(int fd, guint wait_ms)
{
    gint64 end_us = clock_monotonic_us() + (gint64)wait_ms * 1000;
    gint64 nap_us = 1000;
    for (;;) {
        int result = try_lock(fd);
        gint64 left_us = end_us - clock_monotonic_us();
        if (result != 0 || left_us <= 0)
            return result;
        clock_sleep_us(MIN(nap_us, left_us));
        nap_us = MIN(nap_us * 2, LOCK_NAP_MAX_US);
    }
}

/* The holder writes its process id for the message of whoever comes second. It is no part of the
 * lock, so a full disk does not matter here. */
static void write_holder(int fd, const char *path)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (!may_mutate("write", path) || ftruncate(fd, 0) != 0)
        return;
    if (pwrite(fd, text, (size_t)size, 0) != size)
        return;
}

static void fail_locked(int fd, const char *path, GError **error)
{
    char text[32] = "";
    gint64 pid = 0;
    g_autofree char *name = failure_path(path);
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    text[MAX(size, 0)] = '\0';
    g_strchomp(text);
    if (g_ascii_string_to_signed(text, 10, 1, G_MAXINT32, &pid, NULL))
        g_set_error(error, FAILURE, FAILURE_LOCKED, "%s: locked by process %" G_GINT64_FORMAT, name,
                    pid);
    else
        g_set_error(error, FAILURE, FAILURE_LOCKED, "%s: locked by another process", name);
}

/* Whether the name still leads to that file: its folder may have been moved away meanwhile. */
static gboolean is_at(int fd, const char *path)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

/* A descriptor that holds the lock, or -1. */
static int take_lock(const char *path, guint wait_ms, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    if (!files_make_folder(folder, error))
        return -1;
    int fd = -1;
    if (may_mutate("create", path))
        fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        fail(error, path, "open the lock");
        return -1;
    }
    int result = lock_within(fd, wait_ms);
    if (result == 1)
        return fd;
    if (result == 0)
        fail_locked(fd, path, error);
    else
        fail(error, path, "lock");
    close(fd);
    return -1;
}

files_lock *files_lock_take(const char *path, guint wait_ms, GError **error)
{
    for (;;) {
        int fd = take_lock(path, wait_ms, error);
        if (fd < 0)
            return NULL;
        if (is_at(fd, path)) {
            write_holder(fd, path);
            files_lock *lock = g_new(files_lock, 1);
            lock->fd = fd;
            return lock;
        }
        close(fd);
    }
}

void files_lock_free(files_lock *lock)
{
    if (lock == NULL)
        return;
    close(lock->fd);
    g_free(lock);
}

/* "1: POSIX  ADVISORY  WRITE 1234 08:01:5678 120 120", proc(5) */
static gint64 holder_in(const char *line, const struct stat *info)
{
    long pid = 0;
    unsigned major_number = 0, minor_number = 0;
    unsigned long inode = 0;
    if (sscanf(line, "%*d: POSIX %*s WRITE %ld %x:%x:%lu", &pid, &major_number, &minor_number,
               &inode) != 4)
        return 0;
    return inode == info->st_ino && makedev(major_number, minor_number) == info->st_dev ? pid : 0;
}

/* Read to its end: the kernel gives it no length. */
static char *read_locks(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char piece[4096];
    const int fd = open("/proc/locks", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return g_strdup("");
    for (ssize_t size; text->len < LOCKS_LIMIT && (size = read(fd, piece, sizeof piece)) > 0;)
        g_string_append_len(text, piece, size);
    close(fd);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

gint64 files_lock_holder(const char *const *paths)
{
    g_autofree char *locks = read_locks();
    g_auto(GStrv) lines = g_strsplit(locks, "\n", -1);
    gint64 holder = 0;
    for (; holder <= 0 && *paths != NULL; paths++) {
        struct stat info;
        if (stat(*paths, &info) != 0)
            continue;
        for (char **line = lines; holder <= 0 && *line != NULL; line++)
            holder = holder_in(*line, &info);
    }
    return MAX(holder, 0);
}
