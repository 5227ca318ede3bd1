#include "scratch.h"

#include <glib/gstdio.h>

void scratch_remove(const char *folder)
{
    GDir *dir = g_file_test(folder, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(folder, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(folder, name, NULL);
        scratch_remove(child);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_remove(folder);
}
