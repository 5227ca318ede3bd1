/* What the files of data import share: one file on its way, and what is said about it. */
#ifndef COMMANDS_IMPORT_PRIVATE_H
#define COMMANDS_IMPORT_PRIVATE_H

#include "commands/data-private.h"
#include "csv/csv.h"

typedef struct import_options {
    char *asset, *symbol, *interval, *calendar, *map, *zone, *date_order, *adjustment, *provider;
    char *date, *stamp, *split_as;
    char **actions; /* files of dividends and splits; NULL: none */
    double scale;   /* 0: none given */
    int file_count; /* of bars */
    gboolean derive_actions, skip_bad, extended, no_header, dry_run, json;
} import_options;

/* What was done about a dividend or a split. */
typedef enum import_action_state {
    IMPORT_STORED,
    IMPORT_REPLACES,     /* stored in place of `other`, which the bars had */
    IMPORT_DIFFERS,      /* stated, and stored so; the adjusted closes say `other` */
    IMPORT_ONLY_STATED,  /* stored; the adjusted closes do not step */
    IMPORT_ONLY_DERIVED, /* the adjusted closes say so, the file does not: not stored */
    IMPORT_UNEXPLAINED,  /* value: the step of the factor; other: the dividend that it would take */
    IMPORT_OUTSIDE,      /* before the first bar or after the last: not stored */
} import_action_state;

typedef enum import_action_kind { IMPORT_DIVIDEND, IMPORT_SPLIT, IMPORT_STEP } import_action_kind;

typedef struct import_action {
    gint64 ts_us; /* of the bar, or 00:00 UTC of a date without one */
    import_action_kind kind;
    import_action_state state;
    double value, other;
} import_action;

/* One file on its way. */
typedef struct import_file {
    const char *path;
    const market *market;
    cache_key key;
    gboolean symbol_guessed;
    csv_bars_options bars;
    cache_adjustment adjustment;
    char *adjustment_note; /* why, and what was not used; or NULL */
    char *source_hash;
    qb_series series;
    csv_bars_report report;
    GArray *actions;      /* of import_action: all that were looked at, but for those agreed */
    gsize actions_agreed; /* that the bars had already */
    char *actions_from;   /* "adj_close", "splits.csv"; NULL: nobody asked for any */
    gboolean derived;     /* from adjusted closes */
    qb_defects defects;   /* what the series looks like as a whole; items are ours */
    gboolean stored_bars; /* the bars come from the cache, and only their actions are new */
    cache_change change;
} import_file;

/* import_symbol.c: --symbol, or what the name of the file tells. FAILURE_USAGE. */
gboolean import_find_symbol(const import_options *flags, import_file *self, GError **error);

/* import_adjustment.c: --adjustment, or what the columns tell, once the file is read; prices that
 * contain their dividends and splits lose the columns of both. FAILURE_USAGE. */
gboolean import_settle_adjustment(const import_options *flags, import_file *self, GError **error);

/* import_actions.c: --actions, read and put on the bars of their ex-dates. FAILURE_BAD_DATA for a
 * date without a bar. */
gboolean import_apply_actions(const import_options *flags, import_file *self, GError **error);
/* Puts both on a bar; 0 and 1 are none. */
gboolean import_set_action(qb_series *series, gsize row, double dividend, double split_factor,
                           GError **error);
/* The stored bars' dividends and splits, where the file has no column of them: it knows of none,
 * and so takes none away. */
gboolean import_keep_actions(import_file *self, GError **error);
/* By time. */
void import_sort_actions(import_file *self);
void import_add_action(import_file *self, gint64 ts_us, import_action_kind kind,
                       import_action_state state, double value, double other);
/* FAILURE_USAGE for what has no dividends and splits, or has them in its prices. */
gboolean import_check_actions(const import_file *self, const char *flag, GError **error);

/* import_derive.c: --derive-actions, out of the adjusted closes of the file. */
gboolean import_derive_actions(import_file *self, GError **error);

/* import_stored.c: --actions without a file of bars: for the bars that are stored. */
int import_stored(const import_options *flags, const import_file *common);

/* import_quality.c: judges the series as a whole, as data verify does with what is stored. */
gboolean import_judge(import_file *self, GError **error);
/* Every kind of defect that the file has, the gravest first: how often, where first, what to do. */
void import_print_defects(const import_file *self);
json_t *import_defects_json(const import_file *self);

/* import_actions_report.c: every dividend and split that was looked at. */
void import_print_actions(const import_file *self);
json_t *import_actions_json(const import_file *self);

/* data_import_report.c: "2014-06-09", or with the time of day below 1d. Caller frees. */
char *import_stamp_text(qb_interval interval, gint64 ts_us);
/* Prints what became of each import_file, as text or JSON. */
void import_print(const GArray *imports, const import_options *flags);

/* data_import.c */
void import_clear(gpointer import_file);
/* Stores the bars and tells the change. */
gboolean import_store(const import_options *flags, import_file *self, cache *cache, GError **error);
/* A name that the cache takes for a provider. */
gboolean import_is_provider(const char *text);

/* data_import_macro.c: the command line asks for --asset macro, whose options are others. */
gboolean import_is_macro(int argc, char **argv);
int import_macro(int argc, char **argv);

#endif
