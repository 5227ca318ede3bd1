/* What the files of fix share: one series being put right. */
#ifndef CACHE_FIX_PRIVATE_H
#define CACHE_FIX_PRIVATE_H

#include "cache/ledger-private.h"

/* A foreign file and what takes its place. */
typedef struct rewritten {
    month_id id;
    GBytes *original, *bytes;
} rewritten;

typedef struct fixing {
    series_writer writer;
    const cache_fix_how *how;
    GPtrArray *repairs;
    manifest *planned; /* as it will be; reading a damaged file loads the other one anew */
    gboolean manifest_changed;
    cache_adjustment adjustment;
    GArray *aside;    /* of month_id: files that go aside */
    GArray *rewrites; /* of rewritten */
    GArray *words;    /* of the ledger, with those about what goes aside */
    gboolean words_changed;
    gboolean blocked; /* the manifest cannot be read and stays */
} fixing;

/* Adds a repair: action is static, name relative to the series' folder. */
void fix_note(fixing *self, const char *action, const char *name, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* The month's file; caller frees. */
char *fix_path(const fixing *self, month_id id);
/* A reason without the path that heads it; borrowed. */
const char *fix_reason(const fixing *self, month_id id, const GError *reason);
/* The month's file cannot be used: it goes aside when that is asked for, else it is left. */
void fix_set_aside(fixing *self, month_id id, const char *reason);

/* Bars that the calendar expects in the month. */
gsize fix_expected(const fixing *self, month_id id);

/* fix_foreign.c: plans what becomes of a file that the manifest does not have. */
gboolean fix_foreign(fixing *self, month_id id, GError **error);

#endif
