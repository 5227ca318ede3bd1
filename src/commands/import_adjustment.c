/* How the prices of a file are adjusted, and what follows for its dividends and splits. */
#include "commands/import-private.h"

#include <string.h>

/* Yahoo's "Adj Close" stands beside prices that are adjusted for splits; other vendors' columns of
 * that kind stand beside raw prices. */
static gboolean is_yahoo_adjusted(const char *name)
{
    return name != NULL && g_ascii_strncasecmp(name, "Adj Close", strlen("Adj Close")) == 0;
}

/* Written by download or by Ticker.history; neither says how prices are adjusted. */
static gboolean is_yfinance(const csv_bars_report *report)
{
    return report->yfinance || (report->split_column != NULL &&
                                g_ascii_strcasecmp(report->split_column, "Stock Splits") == 0);
}

static gboolean choose_adjustment(const import_options *flags, import_file *self, GError **error)
{
    const csv_bars_report *report = &self->report;
    gboolean yahoo = is_yahoo_adjusted(report->adjusted_close);
    g_autofree char *beside = report->adjusted_close != NULL ? failure_path(report->adjusted_close)
                                                             : NULL;
    if (flags->adjustment != NULL) {
        cache_adjustment_from_text(flags->adjustment, &self->adjustment);
        if (beside != NULL && !flags->derive_actions)
            self->adjustment_note = g_strdup_printf("as told; %s is not used", beside);
        return TRUE;
    }
    if (!yahoo && is_yfinance(report)) {
        g_autofree char *file = failure_path(self->path);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%s: the columns are yfinance's, whose prices are adjusted (expected "
                    "--adjustment full, or split where auto_adjust=False was given)",
                    file);
        return FALSE;
    }
    self->adjustment = yahoo ? CACHE_SPLIT : CACHE_RAW;
    if (yahoo)
        self->adjustment_note =
            g_strdup_printf("Open to Close as Yahoo adjusts them; %s is not used", beside);
    else if (beside != NULL && !flags->derive_actions)
        self->adjustment_note = g_strdup_printf(
            "%s is not used; --adjustment split if open to close are adjusted", beside);
    return TRUE;
}

/* Adjusted prices contain their splits (full: their dividends too): a second time would be wrong. */
static void drop_actions(import_file *self)
{
    qb_series *series = &self->series;
    if (self->adjustment == CACHE_RAW || (series->dividend == NULL && series->split_factor == NULL))
        return;
    qb_realloc(series->dividend, 0);
    qb_realloc(series->split_factor, 0);
    series->dividend = series->split_factor = NULL;
    g_autofree char *file = failure_path(self->path);
    g_ptr_array_add(self->report.notes,
                    g_strdup_printf("%s: dividends and splits are not stored: prices with "
                                    "adjustment %s contain them",
                                    file, cache_adjustment_text(self->adjustment)));
}

gboolean import_settle_adjustment(const import_options *flags, import_file *self, GError **error)
{
    if (!choose_adjustment(flags, self, error))
        return FALSE;
    drop_actions(self);
    return TRUE;
}
