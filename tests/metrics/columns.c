#include "columns.h"

#include "core/base/base.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define FILE_LIMIT ((size_t)64 << 20)

struct columns {
    char *text;
    char **line; /* line[0] is the header */
    size_t lines;
};

static void give_up(const char *what, const char *name)
{
    printf("Bail out! %s: %s\n", what, name);
    exit(1);
}

static char *read_text(const char *folder, const char *path)
{
    char name[512];
    snprintf(name, sizeof name, "%s/%s", folder, path);
    gzFile file = gzopen(name, "rb");
    if (file == NULL) {
        snprintf(name, sizeof name, "%s/%s.gz", folder, path);
        file = gzopen(name, "rb");
    }
    if (file == NULL)
        give_up("cannot open", name);
    size_t used = 0, room = 1 << 16;
    char *text = malloc(room);
    for (int got; (got = gzread(file, text + used, (unsigned)(room - used - 1))) > 0;) {
        used += (size_t)got;
        if (used == room - 1)
            text = realloc(text, room *= 2);
        if (used > FILE_LIMIT)
            give_up("too long", name);
    }
    gzclose(file);
    text[used] = '\0';
    return text;
}

columns *columns_read(const char *folder, const char *path)
{
    columns *self = calloc(1, sizeof *self);
    self->text = read_text(folder, path);
    size_t room = 1;
    for (const char *c = self->text; *c != '\0'; c++)
        room += *c == '\n';
    self->line = calloc(room, sizeof *self->line);
    char *rest = self->text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (*line != '\0')
            self->line[self->lines++] = line;
    return self;
}

size_t columns_rows(const columns *self)
{
    return self->lines - 1;
}

/* The place of a cell in a line; its length in out_length. */
static const char *cell(const char *line, int column, size_t *out_length)
{
    for (; column > 0; column--)
        line = strchr(line, ',') + 1;
    *out_length = strcspn(line, ",\r");
    return line;
}

/* Its place, or -1. */
static int find_column(const columns *self, const char *name)
{
    const int count = 1 + (int)strlen(self->line[0]);
    for (int i = 0; i < count; i++) {
        size_t length;
        const char *text = cell(self->line[0], i, &length);
        if (length == strlen(name) && strncmp(text, name, length) == 0)
            return i;
        if (text[length] != ',')
            break;
    }
    return -1;
}

static int column_index(const columns *self, const char *name)
{
    const int column = find_column(self, name);
    if (column < 0)
        give_up("no column", name);
    return column;
}

bool columns_has(const columns *self, const char *name)
{
    return find_column(self, name) >= 0;
}

double *columns_numbers(const columns *self, const char *name)
{
    const int column = column_index(self, name);
    double *out = malloc((columns_rows(self) + 1) * sizeof *out);
    for (size_t i = 0; i < columns_rows(self); i++) {
        size_t length;
        const char *text = cell(self->line[i + 1], column, &length);
        char *end;
        out[i] = length == 0 ? NAN : strtod(text, &end);
        if (length != 0 && end != text + length)
            give_up("not a number", text);
    }
    return out;
}

int64_t *columns_times(const columns *self, const char *name)
{
    const int column = column_index(self, name);
    int64_t *out = malloc((columns_rows(self) + 1) * sizeof *out);
    for (size_t i = 0; i < columns_rows(self); i++) {
        size_t length;
        const char *text = cell(self->line[i + 1], column, &length);
        if (qb_time_from_text(text, length, &out[i]) != QB_OK)
            give_up("not a time", text);
    }
    return out;
}

void columns_free(columns *self)
{
    free(self->text);
    free(self->line);
    free(self);
}
