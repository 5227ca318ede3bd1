/* Is this text a value of that setting? */
#include "config/config-private.h"

#include "platform/log.h"

#include <string.h>

#define LIST_LIMIT 1000u

static char *check_choice(const setting_info *info, const char *text)
{
    g_auto(GStrv) words = g_strsplit(info->choices, " ", -1);
    for (char **word = words; *word != NULL; word++)
        if (g_ascii_strcasecmp(*word, text) == 0)
            return g_strdup(*word);
    return NULL;
}

static char *check_integer(const setting_info *info, const char *text)
{
    gint64 value;
    if (!g_ascii_string_to_signed(text, 10, info->minimum, info->maximum, &value, NULL))
        return NULL;
    return g_strdup_printf("%" G_GINT64_FORMAT, value);
}

static char *check_snowflake(const char *text)
{
    guint64 value;
    gsize length = strlen(text);
    if (length < 15 || length > 20 ||
        !g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT64, &value, NULL))
        return NULL;
    return g_strdup(text);
}

/* Normal form "1,2,3"; blanks and empty items are dropped. */
static char *check_snowflakes(const char *text)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    guint count = 0;
    for (char **item = items; *item != NULL; item++) {
        if (*g_strstrip(*item) == '\0')
            continue;
        g_autofree char *id = check_snowflake(*item);
        if (id == NULL || ++count > LIST_LIMIT)
            return NULL;
        g_string_append_printf(out, "%s%s", out->len ? "," : "", id);
    }
    return count > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

static gboolean is_host(url_part host)
{
    if (host.length == 0 || host.length > 255)
        return FALSE;
    gboolean bracket = host.text[0] == '[';
    for (gsize i = 0; i < host.length; i++) {
        char c = host.text[i];
        gboolean in_address = g_ascii_isxdigit(c) || c == ':' || c == '.' || c == '[' || c == ']';
        gboolean in_name = g_ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
        if (bracket ? !in_address : !in_name)
            return FALSE;
    }
    return TRUE;
}

/* A base URL is joined with paths, so query and fragment have no place; a slash at its end goes. */
static char *check_url(const setting_info *info, const char *text)
{
    url_parts url;
    if (!url_split(text, &url) || url.user.text != NULL || url.fragment.text != NULL)
        return NULL;
    if (!url_part_is(url.scheme, "https") && !url_part_is(url.scheme, "http"))
        return NULL;
    if (!is_host(url.host) || (url.query.text != NULL && !info->secret))
        return NULL;
    gsize length = strlen(text);
    while (!info->secret && length > 0 && text[length - 1] == '/')
        length--;
    return g_strndup(text, length);
}

static char *check_zone(const char *text)
{
    if (strstr(text, "..") != NULL || strlen(text) > 255)
        return NULL;
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(text);
    return zone != NULL ? g_strdup(text) : NULL;
}

static char *check_database(const char *text)
{
    g_autofree char *path = NULL;
    return database_url_kind(text, &path) != DATABASE_BAD ? g_strdup(text) : NULL;
}

/* "~/x" is what people write; no shell has seen it in a .env file. */
static char *check_path(const char *text)
{
    if (g_str_has_prefix(text, "~/"))
        return g_build_filename(g_get_home_dir(), text + 2, NULL);
    return g_strdup(text);
}

static char *check_host(const char *text)
{
    g_autofree char *bare = g_strdup_printf("[%s]", text);
    const char *form = strchr(text, ':') != NULL && text[0] != '[' ? bare : text;
    return is_host((url_part){form, strlen(form)}) ? g_strdup(text) : NULL;
}

static gboolean is_clean(const char *text)
{
    if (strlen(text) > VALUE_LIMIT || !g_utf8_validate(text, -1, NULL))
        return FALSE;
    for (const guchar *c = (const guchar *)text; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7f)
            return FALSE;
    return TRUE;
}

static char *check_form(const setting_info *info, const char *text)
{
    switch (info->type) {
    case SETTING_TEXT:
        return g_strdup(text);
    case SETTING_CHOICE:
        return check_choice(info, text);
    case SETTING_INTEGER:
        return check_integer(info, text);
    case SETTING_SNOWFLAKE:
        return check_snowflake(text);
    case SETTING_SNOWFLAKE_LIST:
        return check_snowflakes(text);
    case SETTING_URL:
        return check_url(info, text);
    case SETTING_DATABASE_URL:
        return check_database(text);
    case SETTING_ZONE:
        return check_zone(text);
    case SETTING_PATH:
        return check_path(text);
    case SETTING_HOST:
        return check_host(text);
    }
    g_assert_not_reached();
}

gboolean value_check(const setting_info *info, const char *text, char **out_value,
                     char **out_expected)
{
    char *value = is_clean(text) ? check_form(info, text) : NULL;
    if (value != NULL)
        *out_value = value;
    else
        *out_expected = table_expected(info);
    return value != NULL;
}

static const char *value_noun(setting_type type)
{
    switch (type) {
    case SETTING_TEXT:
        return "plain text";
    case SETTING_CHOICE:
        return "a known choice";
    case SETTING_INTEGER:
        return "a number in range";
    case SETTING_SNOWFLAKE:
        return "a Discord id";
    case SETTING_SNOWFLAKE_LIST:
        return "a list of Discord ids";
    case SETTING_URL:
        return "a web address";
    case SETTING_DATABASE_URL:
        return "a database URL";
    case SETTING_ZONE:
        return "a known time zone";
    case SETTING_PATH:
        return "a file name";
    case SETTING_HOST:
        return "a host name";
    }
    g_assert_not_reached();
}

/* The value as a message may show it: never a secret, of addresses with a user part the host. */
static char *shown_value(const setting_info *info, const char *value)
{
    if (info->secret)
        return g_strdup("the value");
    if (info->type == SETTING_URL && strchr(value, '@') != NULL) {
        g_autofree char *masked = log_mask_url(value);
        return failure_quote(masked, -1);
    }
    return failure_quote(value, -1);
}

char *value_problem(const setting_info *info, const char *value, const char *expected)
{
    g_autofree char *shown = shown_value(info, value);
    if (strcmp(info->name, "RUN_MODE") == 0)
        return g_strdup_printf("%s is refused, for this program only trades on paper and has no "
                               "other mode (expected paper)",
                               shown);
    return g_strdup_printf("%s is not %s (expected %s)", shown, value_noun(info->type), expected);
}

/* ---- placeholders --------------------------------------------------------------------------- */

static gboolean is_all(const char *text, const char *characters)
{
    return *text != '\0' && text[strspn(text, characters)] == '\0';
}

static gboolean is_in(const char *text, const char *const *list, gsize count,
                      gboolean (*test)(const char *, const char *))
{
    for (gsize i = 0; i < count; i++)
        if (test(text, list[i]))
            return TRUE;
    return FALSE;
}

static gboolean is_equal(const char *text, const char *word)
{
    return strcmp(text, word) == 0;
}

static gboolean has_suffix(const char *text, const char *end)
{
    return g_str_has_suffix(text, end);
}

static gboolean has_prefix(const char *text, const char *start)
{
    return g_str_has_prefix(text, start);
}

/* What nobody would call a project, and no service would give out. */
static gboolean is_template_word(const char *text)
{
    static const char *const words[] = {"changeme",   "change_me",  "change-me",  "replaceme",
                                        "replace_me", "replace-me", "placeholder"};
    static const char *const starts[] = {
        "your_", "your-", "your ", "replace_with", "replace-with", "change_this", "change-this"};
    static const char *const ends[] = {"_here", "-here", " here"};
    return is_in(text, words, G_N_ELEMENTS(words), is_equal) ||
           is_in(text, starts, G_N_ELEMENTS(starts), has_prefix) ||
           is_in(text, ends, G_N_ELEMENTS(ends), has_suffix);
}

/* What could be a name, but not a key. */
static gboolean is_template_secret(const char *text)
{
    static const char *const words[] = {"todo", "tbd", "fixme", "sk-..."};
    static const char *const starts[] = {"insert_",  "insert-", "insert ", "enter_",
                                         "enter-",   "enter ",  "paste_",  "put_your",
                                         "put-your", "sk-your", "sk-xxx"};
    if (strlen(text) >= 3 && (is_all(text, "x") || is_all(text, "*") || is_all(text, ".")))
        return TRUE;
    return is_in(text, words, G_N_ELEMENTS(words), is_equal) ||
           is_in(text, starts, G_N_ELEMENTS(starts), has_prefix);
}

static gboolean is_template_url(const char *text)
{
    const char *authority = strstr(text, "://");
    if (authority == NULL || g_str_has_prefix(text, "sqlite"))
        return FALSE;
    return strpbrk(authority, "<>") != NULL || strstr(authority, "your_") != NULL ||
           strstr(authority, "your-") != NULL || g_str_has_suffix(text, "/...");
}

gboolean value_is_placeholder(const setting_info *info, const char *text)
{
    if (info->type == SETTING_CHOICE || info->type == SETTING_INTEGER ||
        info->type == SETTING_PATH || info->type == SETTING_ZONE)
        return FALSE;
    g_autofree char *lower = g_ascii_strdown(text, -1);
    gsize length = strlen(lower);
    if (length >= 2 && lower[0] == '<' && lower[length - 1] == '>')
        return TRUE;
    if (info->type == SETTING_URL || info->type == SETTING_DATABASE_URL)
        return is_template_word(lower) || is_template_url(lower);
    return is_template_word(lower) || (info->secret && is_template_secret(lower));
}
