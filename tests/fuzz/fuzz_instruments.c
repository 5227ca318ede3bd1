/* instruments.ini, and the CSV of sessions that it may name, on made-up bytes: the ini up to the
 * first NUL, the CSV after it. */
#include "instruments/instruments.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static GBytes *give(gpointer data, const char *path, GError **error)
{
    return g_bytes_ref(data);
}

/* A message is one line per problem, short, and steers no terminal. */
static void check_message(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_assert_cmpuint(strlen(*line), <, 4096);
        for (const guchar *c = (const guchar *)*line; *c != '\0'; c++)
            g_assert_true(*c >= 0x20 && *c != 0x7f);
    }
}

static void check_calendar(const qb_calendar *calendar)
{
    const char *name = qb_calendar_name(calendar);
    qb_session before = {.close_us = INT64_MIN}, session;
    g_assert_true(*name != '\0' && strlen(name) < QB_CALENDAR_NAME_SIZE);
    g_assert_true(qb_calendar_periods(calendar) >= 1 && qb_calendar_periods(calendar) <= 366);
    for (int32_t date = 19000; date < 20500; date++) {
        if (!qb_calendar_session(calendar, date, &session))
            continue;
        g_assert_true(session.date == date && session.open_us < session.close_us &&
                      session.open_us >= before.close_us);
        before = session;
    }
    gsize count = 0;
    const gint64 from_us = 19000 * QB_DAY_US, to_us = 19010 * QB_DAY_US;
    for (gint64 ts_us = from_us; ts_us < to_us; ts_us += QB_MINUTE_US) {
        qb_bar_time times;
        count += qb_bar_times(calendar, QB_1M, ts_us, &times);
    }
    /* Sessions that begin within a minute have their stamps elsewhere. */
    g_assert_cmpuint(count, <=, qb_expected_bars(calendar, QB_1M, from_us, to_us));
}

static void check_instruments(const instruments *self)
{
    const GPtrArray *symbols = instruments_symbols(self);
    const qb_calendars *calendars = instruments_calendars(self);
    for (guint i = 0; i < symbols->len; i++) {
        const char *symbol = g_ptr_array_index(symbols, i);
        const qb_asset asset = instruments_asset(self, symbol);
        char again[QB_SYMBOL_SIZE];
        qb_instrument instrument;
        int meant;
        g_assert_true(instruments_get(self, symbol, asset, QB_1D, &instrument, NULL));
        g_assert_cmpstr(instrument.symbol, ==, symbol);
        g_assert_true(instrument.lot.raw > 0 && instrument.tick.raw >= 0 &&
                      instrument.multiplier.raw > 0 && instrument.price_decimals >= 0 &&
                      instrument.price_decimals <= 8 && instrument.calendar != NULL);
        g_assert_true(instruments_symbol(self, symbol, -1, again, &meant));
        g_assert_nonnull(instruments_source(self, symbol, asset, "tick"));
    }
    for (gsize i = 0; i < calendars->count; i++) {
        check_calendar(calendars->items[i]);
        g_assert_nonnull(instruments_calendar_origin(self, qb_calendar_name(calendars->items[i])));
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const guint8 *nul = memchr(data, '\0', size);
    const gsize length = nul != NULL ? (gsize)(nul - data) : size;
    const gsize rest = nul != NULL ? size - length - 1 : 0;
    g_autoptr(GBytes) csv = g_bytes_new(nul != NULL ? nul + 1 : data, rest);
    GError *error = NULL;
    /* A zone's file is looked up by name, and a fuzzer must not open what it makes up. */
    if (memmem(data, length, "zone", 4) != NULL &&
        memmem(data, length, "Asia/Hong_Kong", 14) == NULL)
        return 0;
    instruments *self = instruments_parse("fuzz.ini", (const char *)data, length, give, csv,
                                          &error);
    g_assert_true((self == NULL) == (error != NULL));
    if (self != NULL)
        check_instruments(self);
    else
        check_message(error->message);
    g_clear_error(&error);
    instruments_free(self);
    return 0;
}
