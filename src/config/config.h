/* Settings: one table describes each; flags, environment, .env and defaults are read through
 * it. In: text. Out: validated values, and every problem of one read together, each with file,
 * line, variable, value (never a secret's) and what was expected. Never a request, a database or
 * anything else that the settings speak of. */
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
    gboolean hidden;   /* for tests: accepted, not documented */
} setting_info;

extern const setting_info settings_table[];
extern const gsize settings_table_count;

typedef enum setting_source {
    SETTING_DEFAULT,
    SETTING_FILE,
    SETTING_SECRET_FILE,
    SETTING_ENVIRONMENT,
    SETTING_FLAG
} setting_source;

typedef struct settings settings;

/* Reads env_path (absent is fine unless must_exist) and the environment. Every secret seen, valid
 * or not, is registered with the redactor and erased from the process environment, the process
 * is protected (process.h) and LOG_LEVEL set. FAILURE_CONFIG with all problems; FAILURE_MISSING
 * or FAILURE_IO when env_path cannot be read. warnings (may be NULL, of char *, owned by it): one
 * line each. Before any thread is started: it changes the environment. */
settings *settings_load(const char *env_path, gboolean must_exist, GPtrArray *warnings,
                        GError **error);
/* The same from memory, for tests and fuzzing: a .env text and a NULL-terminated "NAME=value"
 * environment (may be NULL). Touches neither redactor nor process, and no file but those of
 * NAME_FILE and the zone database. */
settings *settings_parse(const char *file_name, const char *text, gsize length,
                         const char *const *environment, GPtrArray *warnings, GError **error);
void settings_free(settings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(settings, settings_free)

/* The value in the table's spelling (choices) or as given; the default when unset (empty means
 * unset), NULL when there is none. A name that is not in the table is a bug, here and below.
 * Borrowed, until the next settings_override. */
const char *settings_get(const settings *self, const char *name);
/* Of a SETTING_INTEGER; 0 when unset without default. */
gint64 settings_integer(const settings *self, const char *name);
setting_source settings_source(const settings *self, const char *name);
/* Sets one value, as a flag does: over all other sources. FAILURE_CONFIG names the setting. */
gboolean settings_override(settings *self, const char *name, const char *value, GError **error);

/* QUANTBOT_DATA_DIR, absolute; and the run log's path below it (or DATABASE_URL's sqlite path). */
const char *settings_data_dir(const settings *self);
const char *settings_runlog_path(const settings *self);
/* Masked form of DATABASE_URL when it names PostgreSQL, else NULL. Borrowed. */
const char *settings_postgres_masked(const settings *self);
/* A PostgreSQL server in libpq's words. */
typedef struct settings_database {
    char **keywords, **values; /* libpq's parameters; NULL-terminated; values may be secret */
    char *name;                /* "db.example.com:5432/quantbot": no user, no password */
    gboolean local;            /* every host is a socket or loopback */
    gboolean pooled;           /* a host with -pooler in its name, or pgbouncer=true */
} settings_database;
/* What DATABASE_URL names when that is PostgreSQL, else NULL. Borrowed. */
const settings_database *settings_postgres(const settings *self);
/* Its host, for advice such as a pooler's name; NULL without PostgreSQL or without a host. */
const char *settings_postgres_host(const settings *self);
/* For "equities", "crypto" or "macro": "polygon" ... by preference order and keys present; NULL
 * when no provider has a key. crypto: coingecko works without a key and is then the answer. */
const char *settings_preferred_provider(const settings *self, const char *asset);

/* A host that the program may contact. */
typedef struct settings_host {
    char *service; /* "Tiingo" */
    char *host;    /* "api.tiingo.com", with ":port" when it is not the scheme's */
    gboolean ours; /* of the built-in table; FALSE: from an explicitly set address */
} settings_host;
/* All of them, loopback aside: the built-in table in its order, each service followed by the host
 * of its base URL where that was set, then the webhook's. Array of settings_host; caller frees
 * (g_array_unref clears the items). */
GArray *settings_hosts(const settings *self);

/* .env.example and the table for SETUP_ENV.md (Markdown), from the table alone. Caller frees. */
char *settings_example(void);
char *settings_markdown(void);

/* ---- run files ---------------------------------------------------------------------------- */

/* --config run.ini: groups and keys, each looked up; what nobody asked for is an error. A line
 * is blank, a comment (# or ; at its start), [group] or key=value; a key stands once. Values are
 * taken as written, without the blanks around them. */
typedef struct run_file run_file;
/* FAILURE_CONFIG with every line that does not parse; FAILURE_MISSING, FAILURE_IO. At most 1 MiB
 * and 10,000 keys. */
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
/* "run.ini:12" for messages, "run.ini" when the key is absent; caller frees. */
char *run_file_place(const run_file *self, const char *group, const char *key);
void run_file_free(run_file *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(run_file, run_file_free)

#endif
