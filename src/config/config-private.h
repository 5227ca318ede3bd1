/* What the files of this room share. */
#ifndef CONFIG_PRIVATE_H
#define CONFIG_PRIVATE_H

#include "config/config.h"

/* ---- table.c -------------------------------------------------------------------------------- */

/* Row of name[0..length), or -1. */
gssize table_find(const char *name, gsize length);
/* The known name nearest to this one by edit distance, any case. Never NULL. */
const char *table_nearest(const char *name);
/* What stands after "expected" for a value of this row; caller frees. */
char *table_expected(const setting_info *info);
/* The name among candidates nearest by edit distance (insert, delete, replace, swap neighbours),
 * any case; NULL when there is none. */
const char *nearest_name(const char *name, const char *const *candidates, gsize count);

/* ---- env_file.c ----------------------------------------------------------------------------- */

#define ENV_FILE_LIMIT (1024u * 1024u)
#define ENV_LINE_LIMIT (64u * 1024u)

/* One NAME=value of a .env text, quotes and escapes resolved. */
typedef struct env_line {
    const char *name;
    const char *value;
    guint number;     /* of the line, from 1 */
    gboolean literal; /* single-quoted: $ is meant */
} env_line;
typedef void (*env_line_func)(const env_line *line, gpointer user);
/* What is wrong with one line; message begins behind "FILE:LINE: ". number 0: the whole file. */
typedef void (*env_problem_func)(guint number, const char *message, gpointer user);
/* Calls on_line for each assignment and on_problem for each line that is none, in order. The text
 * of a broken line is never part of the message: it may be half a secret. */
void env_file_parse(const char *text, gsize length, env_line_func on_line,
                    env_problem_func on_problem, gpointer user);

/* ---- values.c ------------------------------------------------------------------------------- */

#define VALUE_LIMIT 8192u

/* TRUE and *out_value (caller frees) in the table's form, or FALSE: then *out_expected (caller
 * frees) says what was expected. */
gboolean value_check(const setting_info *info, const char *text, char **out_value,
                     char **out_expected);
/* "your_key_here", "changeme", "<token>", "xxxx": what templates put where a value belongs. */
gboolean value_is_placeholder(const setting_info *info, const char *text);

/* ---- url.c ---------------------------------------------------------------------------------- */

/* The parts of scheme://[user[:password]@]host[:port][/path][?query], undecoded, borrowed from
 * text as ranges. */
typedef struct url_part {
    const char *text; /* NULL: absent */
    gsize length;
} url_part;
typedef struct url_parts {
    url_part scheme, user, password, host, port, path, query, fragment;
} url_parts;
/* FALSE when it is no URL: bad scheme, control characters or blanks, a bad %-escape or port. */
gboolean url_split(const char *text, url_parts *out);
/* NULL on a bad escape or a NUL; caller frees. */
char *url_decode(url_part part);
gboolean url_part_is(url_part part, const char *text);
/* 127.0.0.0/8, ::1, localhost. */
gboolean url_host_is_loopback(url_part host);

typedef enum database_kind { DATABASE_BAD, DATABASE_SQLITE, DATABASE_POSTGRES } database_kind;
/* *out_path (caller frees) only for SQLite. */
database_kind database_url_kind(const char *url, char **out_path);

/* ---- database.c ----------------------------------------------------------------------------- */

/* NULL where it is none, or has a parameter that libpq does not know. */
settings_database *database_parse(const char *text);
void database_free(settings_database *self);

/* ---- settings.c ----------------------------------------------------------------------------- */

typedef struct setting_entry {
    char *value; /* NULL: the default holds */
    setting_source source;
} setting_entry;

struct settings {
    setting_entry *entries; /* [settings_table_count] */
    char *data_dir, *runlog_path, *postgres_masked, *postgres_host;
    settings_database *database; /* NULL: SQLite */
};

/* Nothing set, nothing derived. */
settings *settings_new(void);
/* Paths and masks from the values; again after each change. */
void settings_derive(settings *self);
/* What is wrong with a value of this row, without the value where it is secret: "\"x\" is not a
 * number in range (expected ...)". Caller frees. */
char *value_problem(const setting_info *info, const char *value, const char *expected);
/* Overwrites before it frees; NULL is fine. */
void erase_text(char *text);

#endif
