/* Are our fake vendors like the real ones? Their real clients are asked: QUANTBOT_PYTHON names a
 * Python that has at least one of polygon-api-client, tiingo, alpha_vantage, fredapi,
 * nasdaq-data-link, quandl, pycoingecko and cryptocompare. Each reads the bars of market.h from the
 * server of vendors.c. */
#include "beside.h"
#include "market.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

/* ---- the server ----------------------------------------------------------------------------- */

typedef struct server {
    GPid process;
    char *folder, *log, *answers, *port;
} server;

static void server_open(server *self)
{
    *self = (server){.folder = g_dir_make_tmp("clients-XXXXXX", NULL)};
    self->log = g_build_filename(self->folder, "requests.log", NULL);
    self->answers = g_build_filename(self->folder, "answers.json", NULL);
    self->port = g_strdup_printf("%d", beside_start(self->log, NULL, &self->process));
}

static void server_close(server *self)
{
    beside_stop(self->process);
    g_remove(self->log);
    g_remove(self->answers);
    g_rmdir(self->folder);
    g_free(self->log);
    g_free(self->port);
    g_free(self->answers);
    g_free(self->folder);
}

/* What the clients have read. */
static json_t *ask(const server *self, const char *python)
{
    g_autofree char *script = g_test_build_filename(G_TEST_DIST, "download", "clients_judge.py",
                                                    NULL);
    const char *arguments[] = {python, script, self->port, self->answers, NULL};
    g_autofree char *output = NULL, *errors = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors,
                 &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("clients_judge.py: %s%s", output, errors);
    json_t *answers = json_load_file(self->answers, 0, NULL);
    g_assert_nonnull(answers);
    return answers;
}

/* ---- the market ----------------------------------------------------------------------------- */

static gint64 date_us(int year, int month, int day)
{
    return (gint64)qb_date_from_civil((qb_civil){year, month, day}) * QB_DAY_US;
}

/* Quarters that have been published: a row's volume is the day of that. */
static qb_series quarters(void)
{
    const gint64 lag_us = SHAPE_FRED_LAG_DAYS * QB_DAY_US;
    qb_series values = market_quarters("GDP", G_MININT64, g_get_real_time() - lag_us);
    for (gsize i = 0; i < values.count; i++)
        values.volume[i] = (double)(values.ts_us[i] + lag_us);
    return values;
}

/* The ranges are those of clients_judge.py. */
static qb_series expected(const char *what)
{
    if (g_str_has_suffix(what, ": values") || g_str_has_suffix(what, ": vintages"))
        return quarters();
    if (g_str_has_suffix(what, ": daily") || g_str_has_suffix(what, ": adjusted"))
        return market_bars("SPY", QB_1D, date_us(2022, 1, 3), date_us(2025, 1, 1));
    return market_bars("btcusd", QB_1H, date_us(2024, 1, 1), date_us(2024, 2, 1));
}

/* ---- the comparison ------------------------------------------------------------------------- */

/* null: the client is not told. */
static gboolean is_same(const json_t *got, double want)
{
    return json_is_null(got) || json_number_value(got) == want;
}

static void assert_row(const char *what, const json_t *row, const qb_bar *bar)
{
    const double want[] = {bar->open, bar->high, bar->low, bar->close, bar->volume};
    if (json_integer_value(json_array_get(row, 0)) != bar->ts_us)
        g_error("%s: a row at %" JSON_INTEGER_FORMAT " (expected %" G_GINT64_FORMAT ")", what,
                json_integer_value(json_array_get(row, 0)), bar->ts_us);
    for (gsize i = 0; i < G_N_ELEMENTS(want); i++)
        if (!is_same(json_array_get(row, i + 1), want[i]))
            g_error("%s: column %zu of %" G_GINT64_FORMAT " is %g (expected %g)", what, i,
                    bar->ts_us, json_number_value(json_array_get(row, i + 1)), want[i]);
}

static void assert_rows(const char *what, const json_t *rows)
{
    qb_series want = expected(what);
    g_test_message("%s: %zu rows", what, json_array_size(rows));
    if (json_array_size(rows) != want.count)
        g_error("%s: %zu rows (expected %zu)", what, json_array_size(rows), want.count);
    for (gsize i = 0; i < want.count; i++) {
        const qb_bar bar = qb_series_bar(&want, i);
        assert_row(what, json_array_get(rows, i), &bar);
    }
    g_assert_cmpuint(want.count, >, 0);
    qb_series_clear(&want);
}

static void test_clients(void)
{
    const char *python = g_getenv("QUANTBOT_PYTHON"), *what;
    server server;
    json_t *rows;
    if (python == NULL || *python == '\0') {
        g_test_skip("QUANTBOT_PYTHON is not set to a Python with the vendors' clients");
        return;
    }
    server_open(&server);
    json_t *answers = ask(&server, python);
    if (json_object_size(answers) == 0)
        g_test_skip("that Python has none of the vendors' clients");
    json_object_foreach(answers, what, rows) assert_rows(what, rows);
    json_decref(answers);
    server_close(&server);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/download/clients", test_clients);
    return g_test_run();
}
