/* The scanner against jansson: what one takes the other takes, and numbers are equal. */
#include "core/base/base.h"
#include "providers/scan.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static gboolean takes(const char *text, gsize length)
{
    scan at;
    scan_init(&at, text, length);
    return scan_skip(&at) && scan_finish(&at);
}

/* Where jansson is of another mind on purpose: it checks UTF-8, doubled keys are ours to refuse
 * nowhere, and numbers that no double or int64 can hold. */
static gboolean jansson_takes(const char *text, gsize length)
{
    json_auto_t *root = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    return root != NULL;
}

/* Jansson stops at a number beyond double or int64, which the scanner may well pass over. */
static gboolean is_too_large(const char *text, gsize length)
{
    json_error_t problem;
    json_auto_t *root = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    return root == NULL && json_error_code(&problem) == json_error_numeric_overflow;
}

static void test_grammar(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "0",
        "-0",
        "1.5e3",
        "[1,2,3]",
        "{\"a\":[{\"b\":null}]}",
        " [ 1 , 2 ] ",
        "\"\\u00e9\\n\\\"\"",
        "true",
        "false",
        "null",
        "[[[[]]]]",
        "1e5",
        "1E+5",
        "-1.25",
        /* none of these */
        "",
        " ",
        "{",
        "[",
        "]",
        "}",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:2}",
        "01",
        "+1",
        ".5",
        "5.",
        "1e",
        "1e+",
        "-",
        "--1",
        "0x10",
        "nan",
        "NaN",
        "Infinity",
        "tru",
        "nul",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"a\nb\"",
        "[1 2]",
        "[1]]",
        "{} {}",
        "'a'",
        "[1,2",
        "{\"a\":1",
        "\"abc",
        "[\"a\"",
        "/* c */ 1",
        "1 // c",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        if (takes(texts[i], strlen(texts[i])) != jansson_takes(texts[i], strlen(texts[i])))
            g_error("\"%s\": %s", texts[i],
                    takes(texts[i], strlen(texts[i])) ? "taken" : "refused");
}

static void test_depth(void)
{
    char text[2 * SCAN_DEPTH + 3] = {0};
    memset(text, '[', SCAN_DEPTH);
    memset(text + SCAN_DEPTH, ']', SCAN_DEPTH);
    g_assert_true(takes(text, 2 * SCAN_DEPTH));
    memset(text, '[', SCAN_DEPTH + 1);
    memset(text + SCAN_DEPTH + 1, ']', SCAN_DEPTH + 1);
    g_assert_false(takes(text, 2 * SCAN_DEPTH + 2));
}

static void test_numbers(void)
{
    static const char *const texts[] = {
        "0",
        "-0.0",
        "1",
        "0.1",
        "123456789012345678",
        "1.7976931348623157e308",
        "5e-324",
        "2.2250738585072011e-308",
        "9007199254740993",
        "1.029145e+06",
        "0.30000000000000004",
        "1e23",
        "8.5",
        "100000000000000016777215",
        "179769313486231570000e288",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        scan at;
        double value;
        scan_init(&at, texts[i], strlen(texts[i]));
        g_assert_true(scan_double(&at, &value));
        g_assert_cmpfloat(value, ==, g_ascii_strtod(texts[i], NULL));
    }
}

static void test_int64(void)
{
    static const struct {
        const char *text;
        gboolean good;
        gint64 value;
    } cases[] = {
        {"0", TRUE, 0},
        {"1617901342969834000", TRUE, 1617901342969834000},
        {"9223372036854775807", TRUE, G_MAXINT64},
        {"-9223372036854775808", TRUE, G_MININT64},
        {"9223372036854775808", FALSE, 0},
        {"-9223372036854775809", FALSE, 0},
        {"1.0", FALSE, 0},
        {"1e3", FALSE, 0},
        {"\"1\"", FALSE, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        scan at;
        gint64 value = 0;
        scan_init(&at, cases[i].text, strlen(cases[i].text));
        g_assert_true(scan_int64(&at, &value) == cases[i].good);
        g_assert_cmpint(value, ==, cases[i].value);
    }
}

static void test_strings(void)
{
    static const struct {
        const char *text, *plain;
    } cases[] = {
        {"\"abc\"", "abc"},
        {"\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\"", "a\"b\\c/d\b\f\n\r\t"},
        {"\"\\u00e9\\u20ac\"", "\xc3\xa9\xe2\x82\xac"},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\\ud83dx\"", "\xef\xbf\xbdx"}, /* half a pair */
        {"\"\\u0000\"", "\xef\xbf\xbd"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        scan at;
        scan_text text;
        scan_init(&at, cases[i].text, strlen(cases[i].text));
        g_assert_true(scan_string(&at, &text));
        g_autofree char *plain = scan_text_copy(&text);
        g_assert_cmpstr(plain, ==, cases[i].plain);
    }
}

/* A byte of a sound text changed, 100,000 times. */
static void test_mutations(void)
{
    static const char sound[] = "[{\"t\":1617901342969834000,\"o\":-1.5e-3,\"s\":\"a\\u00e9\\n\","
                                "\"n\":null,\"b\":[true,false,{}]},[],[0.1,20]]";
    static const char bytes[] = "{}[]\",:0123456789+-.eEtfn\\ u\n";
    qb_random random = {3};
    for (int round = 0; round < 100000; round++) {
        char text[sizeof sound];
        memcpy(text, sound, sizeof sound);
        for (int k = 0; k < 1 + round % 3; k++)
            text[qb_random_next(&random) % (sizeof sound - 1)] =
                bytes[qb_random_next(&random) % (sizeof bytes - 1)];
        const gboolean ours = takes(text, sizeof sound - 1);
        const gboolean theirs = jansson_takes(text, sizeof sound - 1);
        if (ours != theirs && !(ours && is_too_large(text, sizeof sound - 1)))
            g_error("round %d: %s: %s", round, text, ours ? "taken" : "refused");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/providers/scan/grammar", test_grammar);
    g_test_add_func("/providers/scan/depth", test_depth);
    g_test_add_func("/providers/scan/numbers", test_numbers);
    g_test_add_func("/providers/scan/int64", test_int64);
    g_test_add_func("/providers/scan/strings", test_strings);
    g_test_add_func("/providers/scan/mutations", test_mutations);
    return g_test_run();
}
