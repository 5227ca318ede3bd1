/* calendar list: which calendars there are, where each comes from, and what it covers. */
#include "commands/instruments-private.h"

#include <string.h>

static const char about[] = "Shows the built-in calendars and those of instruments.ini: where each "
                            "comes from, the dates it\n"
                            "vouches for, and its sessions a year.\n"
                            "\n"
                            "Examples:\n"
                            "  quantbot calendar list\n"
                            "  quantbot calendar list --json\n";

#define SEARCH_DAYS 400000 /* of 1970: from the year 875 to 3065, wider than any list */

/* First and last date that it covers; FALSE: every date. */
static gboolean find_cover(const qb_calendar *calendar, int32_t *out_first, int32_t *out_last)
{
    int32_t first = -SEARCH_DAYS, last = SEARCH_DAYS;
    if (qb_calendar_covers(calendar, first) && qb_calendar_covers(calendar, last))
        return FALSE;
    while (first < last && !qb_calendar_covers(calendar, first))
        first++;
    while (last > first && !qb_calendar_covers(calendar, last))
        last--;
    *out_first = first;
    *out_last = last;
    return TRUE;
}

static void add_calendar(const market *market, const qb_calendar *calendar, report_table *table,
                         json_t *list)
{
    const char *name = qb_calendar_name(calendar);
    const char *origin = instruments_calendar_origin(market->instruments, name);
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    int32_t from = 0, to = 0;
    const gboolean limited = find_cover(calendar, &from, &to);
    const gsize sessions =
        limited ? qb_expected_bars(calendar, QB_1D, from * QB_DAY_US, (to + 1) * QB_DAY_US) : 0;
    g_autofree char *count = limited ? g_strdup_printf("%" G_GSIZE_FORMAT, sessions)
                                     : g_strdup("-");
    g_autofree char *periods = g_strdup_printf("%d", qb_calendar_periods(calendar));
    const char *const cells[] = {name,
                                 origin,
                                 limited ? qb_date_to_text(from, first) : "always",
                                 limited ? qb_date_to_text(to, last) : "",
                                 count,
                                 periods};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:i}", "name", name, "from", origin, "first",
                        limited ? first : NULL, "last", limited ? last : NULL, "sessions",
                        limited ? json_integer((json_int_t)sessions) : json_null(), "periods",
                        qb_calendar_periods(calendar)));
}

int command_calendar_list(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    static const char *const built_in[] = {"XNYS", "24/7", "weekdays"};
    int exit_code = 0;
    if (!command_options(&argc, &argv, NULL, about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("calendar list", "unexpected \"%s\"", argv[1]);
    g_autoptr(market) market = instruments_market(&exit_code);
    if (market == NULL)
        return exit_code;
    const qb_calendars *mine = instruments_calendars(market->instruments);
    json_auto_t *list = json_array();
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "calendar", REPORT_LEFT, 0);
    report_table_column(table, "from", REPORT_LEFT, 1);
    report_table_column(table, "first", REPORT_LEFT, 0);
    report_table_column(table, "last", REPORT_LEFT, 0);
    report_table_column(table, "sessions", REPORT_RIGHT, 0);
    report_table_column(table, "a year", REPORT_RIGHT, 2);
    for (gsize i = 0; i < G_N_ELEMENTS(built_in); i++)
        add_calendar(market, qb_calendars_find(mine, built_in[i]), table, list);
    for (gsize i = 0; i < mine->count; i++)
        if (qb_calendar_find(qb_calendar_name(mine->items[i])) == NULL)
            add_calendar(market, mine->items[i], table, list);
    const report_style style = report_style_of(1);
    if (json)
        data_print_json(list);
    else
        report_table_print(table, &style, stdout);
    return 0;
}
