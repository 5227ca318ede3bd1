/* The JSON scanner beside jansson: both take a text or both refuse it, and what they read is the
 * same, value by value. Where the two may differ by right: jansson wants UTF-8, no NUL in strings,
 * numbers of 64 bits and depth 2048; the scanner takes any byte and stops at SCAN_DEPTH. */
#include "providers/scan.h"

#include <jansson.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void compare(scan *at, const json_t *with);

static void compare_object(scan *at, const json_t *with)
{
    scan_text key;
    gsize count = 0;
    g_assert_true(scan_enter_object(at));
    while (scan_member(at, &key)) {
        g_autofree char *name = scan_text_copy(&key);
        const json_t *value = json_object_get(with, name);
        g_assert_nonnull(value);
        compare(at, value);
        count++;
    }
    g_assert_cmpuint(count, ==, json_object_size(with));
}

static void compare_array(scan *at, const json_t *with)
{
    gsize count = 0;
    g_assert_true(scan_enter_array(at));
    while (scan_element(at))
        compare(at, json_array_get(with, count++));
    g_assert_cmpuint(count, ==, json_array_size(with));
}

static void compare_string(scan *at, const json_t *with)
{
    scan_text text;
    g_assert_true(scan_string(at, &text));
    g_autofree char *plain = scan_text_copy(&text);
    g_assert_cmpstr(plain, ==, json_string_value(with));
    g_assert_true(scan_text_is(&text, plain) == !text.escaped);
}

/* An integer of jansson's is read in both ways. */
static void compare_number(scan *at, const json_t *with)
{
    double number;
    if (json_is_integer(with)) {
        scan again = *at;
        gint64 whole;
        g_assert_true(scan_int64(&again, &whole));
        g_assert_cmpint(whole, ==, json_integer_value(with));
    }
    g_assert_true(scan_double(at, &number));
    g_assert_true(number == json_number_value(with));
}

static void compare(scan *at, const json_t *with)
{
    g_assert_nonnull(with);
    switch (scan_peek(at)) {
    case SCAN_OBJECT:
        g_assert_true(json_is_object(with));
        compare_object(at, with);
        break;
    case SCAN_ARRAY:
        g_assert_true(json_is_array(with));
        compare_array(at, with);
        break;
    case SCAN_STRING:
        g_assert_true(json_is_string(with));
        compare_string(at, with);
        break;
    case SCAN_NUMBER:
        g_assert_true(json_is_number(with));
        compare_number(at, with);
        break;
    case SCAN_TRUE:
        g_assert_true(json_is_true(with) && scan_skip(at));
        break;
    case SCAN_FALSE:
        g_assert_true(json_is_false(with) && scan_skip(at));
        break;
    case SCAN_NULL:
        g_assert_true(json_is_null(with) && scan_skip(at));
        break;
    case SCAN_NOTHING:
        g_assert_not_reached();
    }
}

static gboolean skips(const char *text, gsize size)
{
    scan at;
    scan_init(&at, text, size);
    const gboolean good = scan_skip(&at) && scan_finish(&at);
    g_autoptr(GError) error = NULL;
    g_assert_true(good != scan_failed(&at, "text", &error));
    g_assert_true(good || g_utf8_validate(error->message, -1, NULL));
    return good;
}

static gsize depth_of(const char *text, gsize size)
{
    gsize depth = 0, deepest = 0;
    gboolean quoted = FALSE;
    for (gsize i = 0; i < size; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && strchr("[{", text[i]) != NULL && text[i] != '\0')
            deepest = MAX(deepest, ++depth);
        else if (!quoted && strchr("]}", text[i]) != NULL && text[i] != '\0')
            depth -= depth > 0;
    }
    return deepest;
}

/* The numbers that the scanner converts have at most 64 characters. */
static gboolean has_long_number(const char *text, gsize size)
{
    gsize run = 0;
    for (gsize i = 0; i < size && run <= 64; i++)
        run = strchr("0123456789+-.eE", text[i]) != NULL ? run + 1 : 0;
    return run > 64;
}

/* What jansson refuses although it is JSON. */
static gboolean is_beyond_jansson(const json_error_t *problem)
{
    const enum json_error_code code = json_error_code(problem);
    return code == json_error_numeric_overflow || code == json_error_null_character ||
           code == json_error_invalid_utf8 || strstr(problem->text, "surrogate") != NULL ||
           strstr(problem->text, "integer") != NULL || strstr(problem->text, "Unicode") != NULL ||
           strstr(problem->text, "\\u") != NULL;
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    const char *text = (const char *)data;
    json_error_t problem;
    scan at;
    /* jansson passes over a NUL byte that follows a number. */
    if (size > 16384 || memchr(data, '\0', size) != NULL)
        return 0;
    json_t *root = json_loadb(text, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &problem);
    const gboolean good = skips(text, size);
    if (root != NULL && !good)
        g_assert_cmpuint(depth_of(text, size), >, SCAN_DEPTH);
    if (root == NULL && good)
        g_assert_true(is_beyond_jansson(&problem) ||
                      json_error_code(&problem) == json_error_duplicate_key);
    if (root != NULL && good && !has_long_number(text, size)) {
        scan_init(&at, text, size);
        compare(&at, root);
        g_assert_true(scan_finish(&at));
    }
    json_decref(root);
    return 0;
}
