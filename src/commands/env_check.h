/* env check, in three files: what there is to say, as text, as data. */
#ifndef COMMANDS_ENV_CHECK_H
#define COMMANDS_ENV_CHECK_H

#include "commands/commands-private.h"

/* How a row of the summary stands. */
typedef enum mark { MARK_OK, MARK_OFF, MARK_WARN, MARK_BAD } mark;

typedef struct check_row {
    const char *section, *name;
    mark mark;
    char *text;
} check_row;

typedef struct check {
    const settings *settings;
    const char *env_path;
    gboolean env_exists;
    GArray *rows;        /* of check_row */
    GPtrArray *warnings; /* of char *: of the settings first, then of rows with MARK_WARN */
    GArray *hosts;
    gboolean on_server;     /* the run log is in PostgreSQL, which answers */
    GError *database_error; /* NULL: the run log takes a write */
} check;

typedef struct check_provider {
    const char *id, *name, *key;
    const char *without; /* what is missing without the key */
} check_provider;
#define CHECK_PROVIDERS 7
extern const check_provider check_providers_table[CHECK_PROVIDERS];

/* The setting's value, NULL when unset. Borrowed. */
const char *check_get(const check *self, const char *name);
/* A key as it may be shown, or NULL. Caller frees. */
char *check_masked(const check *self, const char *name);
/* A person's text, escaped, or NULL. Caller frees. */
char *check_plain(const check *self, const char *name);
gboolean check_has_alpaca(const check *self);
gboolean check_has_admin(const check *self);
gboolean check_has_pooler(const check *self);
const char *check_wandb_mode(const check *self);

/* env_check_text.c: on standard output; of the warnings the first setting_warnings are listed. */
void check_print_text(const check *self, guint setting_warnings);
/* env_check_json.c: likewise. */
void check_print_json(const check *self);
void check_print_json_errors(const GError *error, const GPtrArray *warnings);

#endif
