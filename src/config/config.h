/* Settings: one table describes each; flags, environment, .env and defaults are read through
 * it. In: text. Out: validated values, and every problem of one read together, each with file,
 * line, variable, value (never a secret's) and what was expected. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "platform/failure.h"

typedef enum setting_type {
    SETTING_TEXT,
    SETTING_CHOICE,         /* one of choices, any case */
    SETTING_INTEGER,        /* minimum .. maximum */
    SETTING_SNOWFLAKE,      /* a Discord id: 15 to 20 digits */
    SETTING_SNOWFLAKE_LIST, /* comma separated */
    SETTING_URL,            /* http or https */
    SETTING_DATABASE_URL,
    SETTING_ZONE, /* an IANA time zone */
    SETTING_PATH,
    SETTING_HOST,
} setting_type;

typedef struct setting_info {
    const char *name;
    setting_type type;
    gboolean secret;
    const char *standard; /* default; NULL: unset */
    const char *choices;  /* "dev prod", SETTING_CHOICE */
    gint64 minimum, maximum;
    const char *group; /* heading in .env.example and the docs: "Discord" */
    const char *help;  /* one line */
} setting_info;

extern const setting_info settings_table[];
extern const gsize settings_table_count;

typedef enum setting_source {
    SETTING_DEFAULT,
    SETTING_FILE,
    SETTING_SECRET_FILE,
    SETTING_ENVIRONMENT
} setting_source;

typedef struct settings settings;

/* Reads env_path (absent is fine unless must_exist) and the environment; secrets are registered
 * with the redactor and removed from the process environment. FAILURE_CONFIG with all problems.
 * warnings (may be NULL): one line each, unknown names with the nearest known one. */
settings *settings_load(const char *env_path, gboolean must_exist, GPtrArray *warnings,
                        GError **error);
/* The same from memory, for tests and fuzzing: a .env text and a NULL-terminated "NAME=value"
 * environment. Touches neither redactor nor process. */
settings *settings_parse(const char *file_name, const char *text, gsize length,
                         const char *const *environment, GPtrArray *warnings, GError **error);
void settings_free(settings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(settings, settings_free)

/* NULL when unset (empty means unset); a name that is not in the table is a bug. Borrowed. */
const char *settings_get(const settings *self, const char *name);
gint64 settings_integer(const settings *self, const char *name);
setting_source settings_source(const settings *self, const char *name);
/* A copy with one value set, as a flag would; the value is validated. */
gboolean settings_override(settings *self, const char *name, const char *value, GError **error);

/* QUANTBOT_DATA_DIR, absolute; and the run log's path below it (or DATABASE_URL's sqlite path). */
const char *settings_data_dir(const settings *self);
const char *settings_runlog_path(const settings *self);
/* Masked form of DATABASE_URL when it names PostgreSQL, else NULL. Borrowed. */
const char *settings_postgres_masked(const settings *self);
/* "polygon" ... by preference order and keys present; NULL when no provider has a key. crypto:
 * coingecko works without a key and is then the answer. */
const char *settings_preferred_provider(const settings *self, const char *asset);

/* .env.example and the table for SETUP_ENV.md (Markdown), from the table alone. Caller frees. */
char *settings_example(void);
char *settings_markdown(void);

/* ---- run files ---------------------------------------------------------------------------- */

/* --config run.ini: groups and keys, each looked up once; what nobody asked for is an error. */
typedef struct run_file run_file;
run_file *run_file_load(const char *path, GError **error);
run_file *run_file_parse(const char *file_name, const char *text, gsize length, GError **error);
/* NULL when absent. Marks the key as known. Borrowed. */
const char *run_file_get(run_file *self, const char *group, const char *key);
/* The keys of a group such as [params], NULL-terminated; marks them known. Caller frees
 * (g_strfreev). */
char **run_file_keys(run_file *self, const char *group);
/* FAILURE_CONFIG naming file, line, group and key of everything never asked for, with the nearest
 * known name. */
gboolean run_file_finish(run_file *self, GError **error);
/* "run.ini:12" for messages; caller frees. */
char *run_file_place(const run_file *self, const char *group, const char *key);
void run_file_free(run_file *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(run_file, run_file_free)

#endif
