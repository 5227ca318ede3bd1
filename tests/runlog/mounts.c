#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BALLAST "ballast"

static gboolean write_text(const char *path, const char *text)
{
    const int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    const gssize size = (gssize)strlen(text);
    const gboolean ok = descriptor >= 0 && write(descriptor, text, (gsize)size) == size;
    if (descriptor >= 0)
        close(descriptor);
    return ok;
}

/* Without being root only in a user namespace too, where one stays who one is. */
static gboolean unshare_mounts(void)
{
    const uid_t user = geteuid();
    const gid_t group = getegid();
    if (unshare(CLONE_NEWNS) == 0)
        return TRUE;
    g_autofree char *users = g_strdup_printf("%u %u 1", user, user);
    g_autofree char *groups = g_strdup_printf("%u %u 1", group, group);
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/uid_map", users) &&
           write_text("/proc/self/gid_map", groups);
}

gboolean mounts_begin(const char **out_why)
{
    static const char no[] = "this user may make no mounts of its own (root, or user namespaces)";
    /* a trial, for namespaces may be allowed and mounts not */
    const gboolean ok = unshare_mounts() &&
                        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                        mount("none", "/mnt", "tmpfs", 0, "size=4096") == 0 && umount("/mnt") == 0;
    *out_why = ok ? NULL : no;
    return ok;
}

void mounts_small(const char *folder, gsize bytes)
{
    GStatBuf owner;
    g_assert_cmpint(g_stat(folder, &owner), ==, 0);
    g_autofree char *options = g_strdup_printf("size=%" G_GSIZE_FORMAT ",mode=0700", bytes);
    g_assert_cmpint(mount("none", folder, "tmpfs", 0, options), ==, 0);
    g_assert_cmpint(chown(folder, owner.st_uid, owner.st_gid), ==, 0);
}

void mounts_read_only(const char *folder)
{
    g_assert_cmpint(mount(folder, folder, NULL, MS_BIND, NULL), ==, 0);
    g_assert_cmpint(mount(NULL, folder, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
}

void mounts_end(const char *folder)
{
    g_assert_cmpint(umount2(folder, MNT_DETACH), ==, 0);
}

void mounts_fill(const char *folder, gsize left)
{
    char block[4096] = {0};
    struct statfs disk;
    g_autofree char *path = g_build_filename(folder, BALLAST, NULL);
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    g_assert_cmpint(descriptor, >=, 0);
    while (statfs(folder, &disk) == 0 && (gsize)disk.f_bavail * (gsize)disk.f_bsize > left)
        g_assert_cmpint(write(descriptor, block, sizeof block), ==, (int)sizeof block);
    close(descriptor);
}

void mounts_make_room(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, BALLAST, NULL);
    g_assert_cmpint(g_unlink(path), ==, 0);
}
