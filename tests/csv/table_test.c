/* Rows, numbers, stamps and tables. Expected values: by hand, or from the source named beside. */
#include "csv/csv-private.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

static GBytes *bytes_of(const char *text)
{
    return g_bytes_new_static(text, strlen(text));
}

static csv_table *parse(const char *text)
{
    g_autoptr(GBytes) bytes = bytes_of(text);
    g_autoptr(GError) error = NULL;
    csv_table *table = csv_table_parse(bytes, "t.csv", &error);
    g_assert_no_error(error);
    return table;
}

static void assert_cell(const csv_table *table, gsize row, int column, const char *want)
{
    gsize length;
    const char *text = csv_table_cell(table, row, column, &length);
    g_autofree char *got = g_strndup(text, length);
    g_assert_cmpstr(got, ==, want);
}

static void refuses(const char *text, const char *message)
{
    g_autoptr(GBytes) bytes = bytes_of(text);
    g_autoptr(GError) error = NULL;
    g_autoptr(csv_table) table = csv_table_parse(bytes, "t.csv", &error);
    g_assert_null(table);
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    if (!g_str_has_prefix(error->message, message))
        g_error("got \"%s\", expected \"%s...\"", error->message, message);
}

static void test_rfc4180(void)
{
    /* The seven rules of RFC 4180, section 2, in one text. */
    g_autoptr(csv_table) table = parse("a,b,c\r\n"
                                       "1,\"two, with comma\",3\r\n"
                                       "4,\"a \"\"quoted\"\" word\",6\r\n"
                                       "7,\"two\r\nlines\",9\r\n"
                                       "10,,");
    g_assert_cmpuint(csv_table_rows(table), ==, 4);
    assert_cell(table, 0, 1, "two, with comma");
    assert_cell(table, 1, 1, "a \"quoted\" word");
    assert_cell(table, 2, 1, "two\r\nlines");
    assert_cell(table, 3, 0, "10");
    assert_cell(table, 3, 2, "");
    g_assert_cmpuint(csv_table_line(table, 2), ==, 4);
    g_assert_cmpuint(csv_table_line(table, 3), ==, 6);
    g_assert_cmpint(csv_table_column(table, "B"), ==, 1);
    g_assert_cmpint(csv_table_column(table, "d"), ==, -1);
}

static void test_layouts(void)
{
    static const struct {
        const char *name, *text;
        gsize rows, first_line;
        const char *first, *last; /* cells of the first row */
    } cases[] = {
        {"plain", "ts,equity\n2020-01-01,5\n", 1, 2, "2020-01-01", "5"},
        {"byte-order mark", "\xef\xbb\xbfts,equity\n2020-01-01,5\n", 1, 2, "2020-01-01", "5"},
        {"semicolon", "ts;equity\n2020-01-01;5,5\n2020-01-02;6,5\n", 2, 2, "2020-01-01", "5,5"},
        {"tab", "ts\tequity\n2020-01-01\t5\n", 1, 2, "2020-01-01", "5"},
        {"old mac", "ts,equity\r2020-01-01,5\r2020-01-02,6\r", 2, 2, "2020-01-01", "5"},
        {"blank lines", "\n\nts,equity\n\n2020-01-01,5\n\n", 1, 5, "2020-01-01", "5"},
        {"blanks", "ts , equity\n 2020-01-01 ,  5 \n", 1, 2, "2020-01-01", "5"},
        {"banner",
         "https://www.example.org\nts,equity,cash,fee\n2020-01-01,1,2,5\n2020-01-02,1,2,5\n", 2, 3,
         "2020-01-01", "5"},
        {"one column", "equity\n5\n6\n", 2, 2, "5", "5"},
        {"no rows", "ts,equity\n", 0, 0, NULL, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].name);
        g_autoptr(csv_table) table = parse(cases[i].text);
        g_assert_cmpuint(csv_table_rows(table), ==, cases[i].rows);
        if (cases[i].rows == 0)
            continue;
        g_assert_cmpuint(csv_table_line(table, 0), ==, cases[i].first_line);
        assert_cell(table, 0, 0, cases[i].first);
        int equity = csv_table_column(table, "fee");
        assert_cell(table, 0, equity < 0 ? csv_table_column(table, "equity") : equity,
                    cases[i].last);
    }
}

static void test_short_rows(void)
{
    g_autoptr(csv_table) table = parse("a,b,c\n1,2\n1,2,3,4\n");
    assert_cell(table, 0, 2, "");
    assert_cell(table, 1, 3, "4");
    assert_cell(table, 1, 400, "");
}

static void test_no_table(void)
{
    refuses("", "t.csv: the file is empty");
    refuses(" \n \n", "t.csv:1: the file is no CSV but empty");
    refuses("{\"Error Message\": \"limit\"}", "t.csv:1: the file is no CSV but JSON");
    refuses("<!DOCTYPE html><html>", "t.csv:1: the file is no CSV but a web page");
    refuses("PK\003\004zip", "t.csv:1: the file is no CSV but a ZIP archive");
    refuses("\xff\xfet", "t.csv:1: the file is no CSV but UTF-16 text");
    refuses("a,b\n1,\"2\n", "t.csv:2: a quote (\") is opened and not closed");
    refuses("a,b\n1,\"2\"x\n", "t.csv:2: text follows a closing quote");
    g_autoptr(GString) wide = g_string_new("a,b\n1");
    for (int i = 0; i < 600; i++)
        g_string_append(wide, ",1");
    refuses(wide->str, "t.csv:2: more than 512 columns");
    g_autoptr(GString) is_long = g_string_new("a,b\n1,");
    for (guint i = 0; i < CSV_LINE_LIMIT; i++)
        g_string_append_c(is_long, '1');
    refuses(is_long->str, "t.csv:2: the row is longer than 65536 bytes");
}

static void test_cells(void)
{
    g_autoptr(csv_table) table = parse("ts,equity\n2020-01-31 14:30,1e5\n31/01/2020,abc\n");
    failures problems;
    failures_init(&problems);
    double value = -1;
    gint64 us = -1;
    g_assert_true(csv_table_number(table, 0, 1, &problems, &value));
    g_assert_true(csv_table_time(table, 0, 0, &problems, &us));
    g_assert_cmpfloat(value, ==, 1e5);
    g_assert_cmpint(us, ==, 1580481000 * QB_SECOND_US); /* date -u -d '2020-01-31 14:30' +%s */
    g_assert_false(csv_table_number(table, 1, 1, &problems, &value));
    g_assert_false(csv_table_time(table, 1, 0, &problems, &us));
    g_assert_cmpfloat(value, ==, 1e5);
    g_autoptr(GError) error = NULL;
    g_assert_false(failures_finish(&problems, FAILURE_BAD_DATA, &error));
    g_assert_cmpstr(error->message, ==,
                    "t.csv:3: equity: \"abc\" is not a number (expected for example 12.5)\n"
                    "t.csv:3: ts: \"31/01/2020\" may be day/month or month/day (expected year "
                    "first, 2020-01-31)");
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void test_numbers(void)
{
    static const struct {
        const char *text;
        double want;
    } good[] = {
        {"0", 0},
        {"-0.0", -0.0},
        {"12.5", 12.5},
        {"+7", 7},
        {".5", .5},
        {"5.", 5},
        {"1e5", 1e5},
        {"1E+05", 1e5},
        {"-2.5e-3", -2.5e-3},
        {"000123.4500", 123.45},
        {"9007199254740993", 9007199254740992.0}, /* 2^53 + 1: tie to even */
        {"9007199254740993.000001", 9007199254740994.0},
        {"0.000000000000000000000000000001", 1e-30},
        {"9583943.05677936", 9583943.05677936},
        {"1.7976931348623157e308", 1.7976931348623157e308},
    };
    static const char *const bad[] = {"",    "-",     ".",    "e5",   "1e",      "0x10", "nan",
                                      "inf", "1 2",   " 1",   "1,5",  "1_0",     "--1",  "1e400",
                                      "$1",  "1.2.3", "1e5e", "NULL", "\xd9\xa1"};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        double got = -1;
        g_test_message("%s", good[i].text);
        g_assert_true(csv_number_scan(good[i].text, strlen(good[i].text), &got));
        g_assert_true(memcmp(&got, &good[i].want, sizeof got) == 0);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        double got = -1;
        g_test_message("%s", bad[i]);
        g_assert_false(csv_number_scan(bad[i], strlen(bad[i]), &got));
        g_assert_cmpfloat(got, ==, -1);
    }
}

/* strtod of the C library is the judge, over decimals of every length. */
static void test_numbers_against_strtod(void)
{
    qb_random random = {.state = 7};
    for (int i = 0; i < 200000; i++) {
        char text[80];
        guint64 digits = qb_random_next(&random) >> (qb_random_next(&random) % 64);
        int point = (int)(qb_random_next(&random) % 20);
        if (i % 3 == 0)
            g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT "e%d", digits, point - 30);
        else
            g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT ".%0*" G_GUINT64_FORMAT, digits,
                       point + 1, qb_random_next(&random) % 10);
        double got = -1, want = g_ascii_strtod(text, NULL);
        g_assert_true(csv_number_scan(text, strlen(text), &got));
        if (memcmp(&got, &want, sizeof got) != 0)
            g_error("%s: %.17g, strtod %.17g", text, got, want);
    }
}

static void test_foreign_numbers(void)
{
    static const char *const ungrouped[] = {"1234", "12,34", "1,2345", "1,234,5",
                                            ",123", "1,",    "1,234x", "1234,567"};
    double got = 0;
    g_assert_true(csv_number_scan_grouped("1,234,567.25", 12, &got));
    g_assert_cmpfloat(got, ==, 1234567.25);
    g_assert_true(csv_number_scan_grouped("-12,345", 7, &got));
    g_assert_cmpfloat(got, ==, -12345);
    for (gsize i = 0; i < G_N_ELEMENTS(ungrouped); i++)
        g_assert_false(csv_number_scan_grouped(ungrouped[i], strlen(ungrouped[i]), &got));
    g_assert_true(csv_number_scan_comma("1234,5", 6, &got));
    g_assert_cmpfloat(got, ==, 1234.5);
    g_assert_false(csv_number_scan_comma("1.234,5", 7, &got));
    g_assert_false(csv_number_scan_comma("1,234,5", 7, &got));
    g_assert_false(csv_number_scan_comma("12345", 5, &got));
}

/* ---- stamps --------------------------------------------------------------------------------- */

/* Seconds: GNU date -u -d '...' +%s. */
static void test_stamps(void)
{
    static const struct {
        const char *text;
        csv_order order;
        gint64 want_us;
        gboolean zoned;
    } cases[] = {
        {"2021-05-27", 0, 1622073600000000, FALSE},
        {"2021-5-7", 0, 1620345600000000, FALSE},
        {"2021/05/27", 0, 1622073600000000, FALSE},
        {"2021.05.27 11:00", 0, 1622113200000000, FALSE},
        {"2021-05-27T11:00:00Z", 0, 1622113200000000, TRUE},
        {"2021-05-27 11:00:00.123456", 0, 1622113200123456, FALSE},
        {"2021-05-27 11:00:00.123456000", 0, 1622113200123456, FALSE},
        {"2021-05-27T11:00:00+05:30", 0, 1622093400000000, TRUE},
        {"2021-05-27 11:00:00 -0400", 0, 1622127600000000, TRUE},
        {"2021-05-27 11:00:00+00", 0, 1622113200000000, TRUE},
        {"2021-05-27 11:00 UTC", 0, 1622113200000000, TRUE},
        {"2021-05-27 11-AM", 0, 1622113200000000, FALSE}, /* CryptoDataDownload */
        {"2021-05-27 12-AM", 0, 1622073600000000, FALSE},
        {"2021-05-27 12-PM", 0, 1622116800000000, FALSE},
        {"2021-05-27 01-PM", 0, 1622120400000000, FALSE},
        {"5/27/2021 3:05 PM", CSV_ORDER_MDY, 1622127900000000, FALSE},
        {"3/3/2015 10:50:00 AM", CSV_ORDER_MDY, 1425379800000000, FALSE},
        {"27/05/2021 0:00", CSV_ORDER_DMY, 1622073600000000, FALSE},
        {"27.05.2021", CSV_ORDER_DMY, 1622073600000000, FALSE},
        {"05-27-2021", CSV_ORDER_MDY, 1622073600000000, FALSE},
        {"01/03/17", CSV_ORDER_MDY, 1483401600000000, FALSE},
        {"31/12/99", CSV_ORDER_DMY, 946598400000000, FALSE},
        {"17/01/03", CSV_ORDER_YMD, 1483401600000000, FALSE},
        {"10-Dec-10", 0, 1291939200000000, FALSE},
        {"27 May 2021", 0, 1622073600000000, FALSE},
        {"May 27, 2021", 0, 1622073600000000, FALSE},
        {"20210527", 0, 1622073600000000, FALSE},
        {"20210527 110000", 0, 1622113200000000, FALSE},
        {"20210527 11:00", 0, 1622113200000000, FALSE},
        {"20210527T110000Z", 0, 1622113200000000, TRUE},
        {"20210527110000", 0, 1622113200000000, FALSE},
        {"202105271100", 0, 1622113200000000, FALSE},
        {"1622113200", 0, 1622113200000000, TRUE},
        {"1622113200.5", 0, 1622113200500000, TRUE},
        {"1622113200.0", 0, 1622113200000000, TRUE},
        {"1622113200123", 0, 1622113200123000, TRUE},
        {"1622113200123456", 0, 1622113200123456, TRUE},
        {"1622113200123456000", 0, 1622113200123456, TRUE},
        {"100000000", 0, 100000000000000, TRUE},
        {"1969-07-20 20:17:40", 0, -14182940000000, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        csv_stamp got = {0};
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(csv_stamp_scan(cases[i].text, strlen(cases[i].text), cases[i].order, &got),
                        ==, CSV_STAMP_OK);
        g_assert_cmpint(got.wall_us - got.offset_us, ==, cases[i].want_us);
        g_assert_cmpint(got.zoned, ==, cases[i].zoned);
    }
}

static void test_bad_stamps(void)
{
    static const struct {
        const char *text;
        csv_stamp_status want;
    } cases[] = {
        {"", CSV_STAMP_UNREADABLE},
        {"abc", CSV_STAMP_UNREADABLE},
        {"2021-02-29", CSV_STAMP_UNREADABLE},
        {"2021-13-01", CSV_STAMP_UNREADABLE},
        {"2021-05/27", CSV_STAMP_UNREADABLE},
        {"2021-05-27 24:00", CSV_STAMP_UNREADABLE},
        {"2021-05-27 11:60", CSV_STAMP_UNREADABLE},
        {"2021-05-27 13-PM", CSV_STAMP_UNREADABLE},
        {"2021-05-27 00 AM", CSV_STAMP_UNREADABLE},
        {"2021-05-27 11", CSV_STAMP_UNREADABLE},
        {"2021-05-27 11:00 EST", CSV_STAMP_UNREADABLE},
        {"2021-05-27 11:00+5", CSV_STAMP_UNREADABLE},
        {"2021-05-27 11:00Zx", CSV_STAMP_UNREADABLE},
        {"2021-05-27 11:00:00.1234567", CSV_STAMP_FINE},
        {"14400000", CSV_STAMP_DIGITS}, /* month 00 */
        {"43423", CSV_STAMP_DIGITS},    /* a spreadsheet's day number */
        {"1622113200123456789", CSV_STAMP_FINE},
        {"99999999999999999999", CSV_STAMP_UNREADABLE},
        {"9999999999999999000", CSV_STAMP_RANGE},
        {"99999999999", CSV_STAMP_RANGE},
        {"1.62207E+12", CSV_STAMP_EXPONENT},
        {"1e9", CSV_STAMP_EXPONENT},
        {"0099-01-01", CSV_STAMP_RANGE},
        {"02/03/2010 16:53:50", CSV_STAMP_ORDER},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        csv_stamp got = {0};
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(
            csv_stamp_scan(cases[i].text, strlen(cases[i].text), CSV_ORDER_UNKNOWN, &got), ==,
            cases[i].want);
    }
}

static void test_date_and_time_cells(void)
{
    static const struct {
        const char *date, *time;
        gint64 want_us;
    } cases[] = {
        {"20210527", "110000", 1622113200000000}, /* Stooq */
        {"20210527", "1100", 1622113200000000},          {"2021-05-27", "11:00", 1622113200000000},
        {"2021.05.27", "11:00:00", 1622113200000000}, /* MetaTrader */
        {"2021-05-27", "11:00+02:00", 1622106000000000},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        csv_stamp got = {0};
        g_assert_cmpint(csv_stamp_scan_pair(cases[i].date, strlen(cases[i].date), cases[i].time,
                                            strlen(cases[i].time), CSV_ORDER_UNKNOWN, &got),
                        ==, CSV_STAMP_OK);
        g_assert_cmpint(got.wall_us - got.offset_us, ==, cases[i].want_us);
    }
    csv_stamp got;
    g_assert_cmpint(csv_stamp_scan_pair("2021-05-27 10:00", 16, "11:00", 5, 0, &got), ==,
                    CSV_STAMP_UNREADABLE);
    g_assert_cmpint(csv_stamp_scan_pair("2021-05-27", 10, "", 0, 0, &got), ==,
                    CSV_STAMP_UNREADABLE);
}

static void test_zones(void)
{
    /* US rules: 2021-03-14 and 2021-11-07 at 02:00; seconds from GNU date with TZ set. */
    static const struct {
        const char *zone, *text;
        csv_stamp_status status;
        gint64 want_s;
    } cases[] = {
        {"America/New_York", "2021-01-04 09:30", CSV_STAMP_OK, 1609770600},
        {"America/New_York", "2021-07-01 09:30", CSV_STAMP_OK, 1625146200},
        {"America/New_York", "2021-03-14 01:59", CSV_STAMP_OK, 1615705140},
        {"America/New_York", "2021-03-14 02:00", CSV_STAMP_GAP, 0},
        {"America/New_York", "2021-03-14 02:30", CSV_STAMP_GAP, 0},
        {"America/New_York", "2021-03-14 03:00", CSV_STAMP_OK, 1615705200},
        {"America/New_York", "2021-11-07 00:59", CSV_STAMP_OK, 1636261140},
        {"America/New_York", "2021-11-07 01:00", CSV_STAMP_FOLD, 0},
        {"America/New_York", "2021-11-07 01:59", CSV_STAMP_FOLD, 0},
        {"America/New_York", "2021-11-07 02:00", CSV_STAMP_OK, 1636268400},
        {"Europe/Berlin", "2021-07-01 12:00", CSV_STAMP_OK, 1625133600},
        {"Asia/Kolkata", "2021-07-01 12:00", CSV_STAMP_OK, 1625121000},
        {"Pacific/Apia", "2011-12-30 12:00", CSV_STAMP_GAP, 0}, /* a day left out */
        {"UTC", "2021-07-01 12:00", CSV_STAMP_OK, 1625140800},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s %s", cases[i].zone, cases[i].text);
        g_autoptr(GError) error = NULL;
        g_autoptr(csv_zone) zone = csv_zone_new(cases[i].zone, &error);
        if (zone == NULL && strcmp(cases[i].zone, "UTC") != 0) {
            g_test_skip("no tzdata");
            return;
        }
        csv_stamp stamp;
        gint64 us = 0;
        g_assert_cmpint(csv_stamp_scan(cases[i].text, strlen(cases[i].text), 0, &stamp), ==,
                        CSV_STAMP_OK);
        g_assert_cmpint(csv_zone_to_utc(zone, stamp.wall_us, &us), ==, cases[i].status);
        g_assert_cmpint(us, ==, cases[i].want_s * QB_SECOND_US);
    }
    static const char *const unknown[] = {"", "Mars/Olympus", "../../etc/passwd", "/etc/passwd"};
    for (gsize i = 0; i < G_N_ELEMENTS(unknown); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(csv_zone_new(unknown[i], &error));
        g_assert_error(error, FAILURE, FAILURE_USAGE);
    }
}

/* ---- gzip ----------------------------------------------------------------------------------- */

static GBytes *gzip(const char *text)
{
    gsize length = strlen(text), size = length + 1000;
    guchar *out = g_malloc(size);
    z_stream stream = {.next_in = (guchar *)text,
                       .avail_in = (uInt)length,
                       .next_out = out,
                       .avail_out = (uInt)size};
    g_assert_cmpint(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), ==,
                    Z_OK);
    g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    gsize used = stream.total_out;
    deflateEnd(&stream);
    return g_bytes_new_take(out, used);
}

static void test_gzip(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 100000; i++)
        g_string_append_printf(text, "%d,%d\n", i, i * 7);
    g_autoptr(GBytes) packed = gzip(text->str);
    gsize size;
    const guchar *data = g_bytes_get_data(packed, &size);
    g_autoptr(GError) error = NULL;

    g_autoptr(GBytes) whole = csv_inflate(packed, "t.csv.gz", &error);
    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(whole, NULL), g_bytes_get_size(whole), text->str, text->len);

    /* Two members, as `cat a.gz b.gz` makes them. */
    g_autoptr(GByteArray) joined = g_byte_array_new();
    g_byte_array_append(joined, data, (guint)size);
    g_byte_array_append(joined, data, (guint)size);
    g_autoptr(GBytes) twice_packed = g_bytes_new(joined->data, joined->len);
    g_autoptr(GBytes) twice = csv_inflate(twice_packed, "t.csv.gz", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(twice), ==, 2 * text->len);

    for (gsize cut = 2; cut < size; cut += size / 50) {
        g_autoptr(GError) problem = NULL;
        g_autoptr(GBytes) part = g_bytes_new(data, cut);
        g_assert_null(csv_inflate(part, "t.csv.gz", &problem));
        g_assert_error(problem, FAILURE, FAILURE_BAD_DATA);
    }
    g_assert_null(csv_inflate_limited(packed, "t.csv.gz", 1000000, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    g_assert_nonnull(strstr(error->message, "t.csv.gz: more than 1000000 bytes"));

    g_autoptr(GBytes) plain = bytes_of("a,b\n");
    g_autoptr(GBytes) same = csv_inflate(plain, "t.csv", NULL);
    g_assert_true(same == plain);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/table/rfc4180", test_rfc4180);
    g_test_add_func("/csv/table/layouts", test_layouts);
    g_test_add_func("/csv/table/short-rows", test_short_rows);
    g_test_add_func("/csv/table/no-table", test_no_table);
    g_test_add_func("/csv/table/cells", test_cells);
    g_test_add_func("/csv/numbers/scan", test_numbers);
    g_test_add_func("/csv/numbers/against-strtod", test_numbers_against_strtod);
    g_test_add_func("/csv/numbers/foreign", test_foreign_numbers);
    g_test_add_func("/csv/stamps/good", test_stamps);
    g_test_add_func("/csv/stamps/bad", test_bad_stamps);
    g_test_add_func("/csv/stamps/two-cells", test_date_and_time_cells);
    g_test_add_func("/csv/stamps/zones", test_zones);
    g_test_add_func("/csv/gzip", test_gzip);
    return g_test_run();
}
