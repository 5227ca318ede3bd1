/* The statements over whole rows, and the only place where SQL is put together.
 *
 * Eleven tables times three ways to insert, for each number of rows, would be some hundred literals
 * that a new column must not miss; so these are made of runlog_tables. What goes into a text are
 * its constants (names of tables and columns) and numbers of parameters, never anything that was
 * read; values are parameters. All other SQL is literal (tests/tidy). */
#include "runlog/runlog-private.h"

#include <string.h>

static void append_names(GString *text, const runlog_table *table)
{
    for (guint i = 0; i < table->count; i++) {
        g_string_append(text, i > 0 ? ", " : "");
        g_string_append(text, table->columns[i].name);
    }
}

/* "($1, $2), ($3, $4)". To SQLite "$1" is a name, which it looks for among all the others; of a
 * hundred rows that takes longer than storing them. There it is "(?, ?), (?, ?)". */
static void append_parameters(GString *text, const runlog_table *table, guint count,
                              runlog_store store)
{
    for (guint row = 0, number = 1; row < count; row++) {
        g_string_append(text, row > 0 ? ", (" : "(");
        for (guint i = 0; i < table->count; i++, number++)
            if (store == RUNLOG_POSTGRES)
                g_string_append_printf(text, "%s$%u", i > 0 ? ", " : "", number);
            else
                g_string_append(text, i > 0 ? ", ?" : "?");
        g_string_append_c(text, ')');
    }
}

static void append_new_values(GString *text, const runlog_table *table)
{
    for (guint i = 0; i < table->count; i++) {
        const char *name = table->columns[i].name;
        g_string_append_printf(text, "%s%s = excluded.%s", i > 0 ? ", " : "", name, name);
    }
}

static void append_conflict(GString *text, const runlog_table *table, rows_mode mode,
                            runlog_store store, const char *key)
{
    if (mode == ROWS_NEW)
        return;
    g_string_append(text, " ON CONFLICT ");
    if (mode == ROWS_LATEST && store == RUNLOG_POSTGRES)
        g_string_append_printf(text, "(%s) ", key);
    g_string_append(text, mode == ROWS_MISSING ? "DO NOTHING" : "DO UPDATE SET ");
    if (mode == ROWS_LATEST)
        append_new_values(text, table);
}

char *statement_insert(const runlog_table *table, guint count, rows_mode mode, runlog_store store,
                       const char *key)
{
    const gboolean fails = store == RUNLOG_SQLITE && mode == ROWS_NEW; /* see sqlite.c */
    GString *text = g_string_new(fails ? "INSERT OR FAIL INTO " : "INSERT INTO ");
    g_string_append_printf(text, "%s (", table->name);
    append_names(text, table);
    g_string_append(text, ") VALUES ");
    append_parameters(text, table, count, store);
    append_conflict(text, table, mode, store, key);
    return g_string_free(text, FALSE);
}

char *statement_copy(const runlog_table *table)
{
    GString *text = g_string_new("COPY ");
    g_string_append_printf(text, "%s (", table->name);
    append_names(text, table);
    g_string_append(text, ") FROM STDIN (FORMAT binary)");
    return g_string_free(text, FALSE);
}

/* Within a run, what is left of the key: "ts" of "run_id, ts". */
static const char *order_of(const runlog_table *table)
{
    static const char run[] = "run_id, ";
    return g_str_has_prefix(table->key, run) ? table->key + strlen(run) : table->key;
}

char *statement_select(const runlog_table *table, gint64 version, runlog_store store)
{
    const gboolean by_id = strcmp(table->key, "id") == 0;
    GString *text = g_string_new("SELECT ");
    for (guint i = 0; i < table->count; i++) {
        const runlog_column *column = &table->columns[i];
        g_string_append(text, i > 0 ? ", " : "");
        g_string_append(text, column->since <= version ? column->name : "NULL");
    }
    g_string_append_printf(text, " FROM %s WHERE %s = $1 ORDER BY %s", table->name,
                           table == &runlog_tables[RUNLOG_RUNS] ? "id" : "run_id", order_of(table));
    /* one order, whatever the collation of an adopted table */
    if (by_id && store == RUNLOG_POSTGRES)
        g_string_append(text, " COLLATE \"C\"");
    return g_string_free(text, FALSE);
}
