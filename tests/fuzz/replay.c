/* Runs a fuzz target on each file of a folder, as a test. Plain C: some targets have no GLib. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The whole file in a block of exactly its size; NULL when it cannot be read. */
static uint8_t *read_file(const char *path, size_t *out_size)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    uint8_t *bytes = NULL;
    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 &&
        fseek(file, 0, SEEK_SET) == 0 && (bytes = malloc(size > 0 ? (size_t)size : 1)) != NULL &&
        fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    *out_size = (size_t)size;
    return bytes;
}

static int replay(const char *folder, const char *name, int number)
{
    char path[4096];
    size_t size = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    /* Said before, so that a crash names its file. */
    printf("# %s\n", name);
    fflush(stdout);
    uint8_t *bytes = read_file(path, &size);
    if (bytes != NULL)
        LLVMFuzzerTestOneInput(bytes, size);
    printf("%s %d - %s\n", bytes != NULL ? "ok" : "not ok", number, name);
    free(bytes);
    return bytes != NULL;
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int count = argc == 2 ? scandir(argv[1], &entries, is_visible, alphasort) : -1;
    int passed = 0;
    if (count < 0) {
        printf("Bail out! cannot list the corpus %s\n", argc == 2 ? argv[1] : "(none given)");
        return 1;
    }
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        passed += replay(argv[1], entries[i]->d_name, i + 1);
        free(entries[i]);
    }
    free(entries);
    return passed == count ? 0 : 1;
}
