/* Failures, files under injected faults, locks, the log and the redactor. */
#include "platform/clock.h"
#include "platform/failure.h"
#include "platform/files.h"
#include "platform/log.h"
#include "platform/process.h"
#include "scratch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct folder {
    char *path;
} folder;

static void folder_open(folder *self, gconstpointer data)
{
    self->path = g_dir_make_tmp("quantbot-platform-XXXXXX", NULL);
    g_assert_nonnull(self->path);
}

static void folder_close(folder *self, gconstpointer data)
{
    files_before_mutation = NULL;
    log_close_file();
    log_forget_secrets();
    scratch_remove(self->path);
    g_free(self->path);
}

static char *in_folder(const folder *self, const char *name)
{
    return g_build_filename(self->path, name, NULL);
}

static char *content(const char *path)
{
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static guint count_entries(const char *path)
{
    guint count = 0;
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && g_dir_read_name(dir) != NULL)
        count++;
    return count;
}

/* ---- failures ------------------------------------------------------------------------------- */

static const struct {
    const char *name, *text, *want;
    gssize length;
} quotes[] = {
    {"plain", "abc", "\"abc\"", -1},
    {"quote-and-backslash", "a\"b\\c", "\"a\\\"b\\\\c\"", -1},
    {"newline", "a\nb\r\tc", "\"a\\nb\\r\\tc\"", -1},
    {"escape-sequence", "\033[31mred", "\"\\x1b[31mred\"", -1},
    {"nul", "a\0b", "\"a\\x00b\"", 3},
    {"c1-control",
     "a\xc2\x9b"
     "b",
     "\"a\\x9bb\"", -1},
    {"bidi-override",
     "a\xe2\x80\xae"
     "b",
     "\"a\\u202eb\"", -1},
    {"bidi-isolate", "\xe2\x81\xa6x\xe2\x81\xa9", "\"\\u2066x\\u2069\"", -1},
    {"arabic-letter-mark", "\xd8\x9c", "\"\\u061c\"", -1},
    {"line-separator", "\xe2\x80\xa8", "\"\\u2028\"", -1},
    {"not-utf-8", "\xff\xc3", "\"\\xff\\xc3\"", -1},
    {"umlauts-stay", "M\xc3\xbcnchen", "\"M\xc3\xbcnchen\"", -1},
    {"empty", "", "\"\"", -1},
};

static void test_quote(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(quotes); i++) {
        g_autofree char *got = failure_quote(quotes[i].text, quotes[i].length);
        g_assert_cmpstr(got, ==, quotes[i].want);
    }
}

static void test_quote_length(void)
{
    g_autofree char *exact = g_strnfill(80, 'x'), *longer = g_strnfill(81, 'x');
    g_autofree char *newlines = g_strnfill(1000, '\n');
    g_autofree char *fits = failure_quote(exact, -1), *cut = failure_quote(longer, -1);
    g_autofree char *escaped = failure_quote(newlines, -1);
    g_assert_cmpuint(strlen(fits), ==, 82);
    g_assert_cmpuint(strlen(cut), ==, 82);
    g_assert_true(g_str_has_suffix(cut, "x...\""));
    g_assert_cmpuint(strlen(escaped), <=, 82);
}

static void test_failures(void)
{
    failures many;
    g_autoptr(GError) error = NULL;
    failures_init(&many);
    g_assert_true(failures_finish(&many, FAILURE_CONFIG, &error));
    g_assert_no_error(error);

    failures_init(&many);
    for (int i = 0; i < 25; i++)
        failures_add(&many, "problem %d", i);
    g_assert_false(failures_finish(&many, FAILURE_CONFIG, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 21);
    g_assert_cmpstr(lines[19], ==, "problem 19");
    g_assert_cmpstr(lines[20], ==, "... and 5 more");
}

static void test_status(void)
{
    static const struct {
        qb_status status;
        int code;
    } cases[] = {
        {QB_NO_MEMORY, FAILURE_INTERNAL},   {QB_BROKEN, FAILURE_INTERNAL},
        {QB_SINK_FAILED, FAILURE_INTERNAL}, {QB_OVERFLOW, FAILURE_BAD_DATA},
        {QB_NOT_FINITE, FAILURE_BAD_DATA},  {QB_OUT_OF_ORDER, FAILURE_BAD_DATA},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(failure_from_status(&error, cases[i].status, "bar 7"));
        g_assert_error(error, FAILURE, cases[i].code);
        g_assert_true(g_str_has_prefix(error->message, "bar 7: "));
    }
}

/* ---- reading -------------------------------------------------------------------------------- */

static void test_read(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "a");
    g_assert_true(g_file_set_contents(path, "hello", 5, NULL));
    g_autoptr(GBytes) bytes = files_read(path, 5, NULL);
    g_assert_nonnull(bytes);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "hello", 5);

    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    g_autoptr(GBytes) empty = files_read(path, 5, NULL);
    g_assert_nonnull(empty);
    g_assert_cmpuint(g_bytes_get_size(empty), ==, 0);
    /* Its size is 0, its content is not. */
    g_autoptr(GBytes) proc = files_read("/proc/self/status", 65536, NULL);
    g_assert_nonnull(proc);
    g_assert_cmpuint(g_bytes_get_size(proc), >, 0);
}

static void test_read_refusals(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "a"), *absent = in_folder(self, "b");
    g_autofree char *pipe = in_folder(self, "pipe");
    g_assert_true(g_file_set_contents(path, "hello", 5, NULL));
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    const struct {
        const char *path;
        gsize limit;
        int code;
        const char *word;
    } cases[] = {
        {absent, 10, FAILURE_MISSING, "No such file"},
        {path, 4, FAILURE_IO, "at most 4 bytes"},
        {self->path, 10, FAILURE_IO, "is a folder"},
        {pipe, 10, FAILURE_IO, "regular file"}, /* and does not hang */
        {"/dev/zero", 10, FAILURE_IO, "regular file"},
        {"/proc/self/status", 10, FAILURE_IO, "at most 10 bytes"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(files_read(cases[i].path, cases[i].limit, &error));
        g_assert_error(error, FAILURE, cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].word));
        g_assert_nonnull(strstr(error->message, cases[i].path));
    }
}

/* ---- writing -------------------------------------------------------------------------------- */

static void test_replace(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "deep/er/file");
    g_autofree char *parent = in_folder(self, "deep/er");
    struct stat info;
    g_assert_true(files_replace(path, "one", 3, NULL));
    g_assert_true(files_replace(path, "two!", 4, NULL));
    g_autofree char *text = content(path);
    g_assert_cmpstr(text, ==, "two!");
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
    g_assert_cmpint(stat(parent, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0700);
    g_assert_cmpuint(count_entries(parent), ==, 1);
}

/* A link at the target is replaced; what it pointed to stays. */
static void test_replace_link(folder *self, gconstpointer data)
{
    g_autofree char *victim = in_folder(self, "victim"), *link = in_folder(self, "link");
    g_assert_true(g_file_set_contents(victim, "mine", 4, NULL));
    g_assert_cmpint(symlink(victim, link), ==, 0);
    g_assert_true(files_replace(link, "new", 3, NULL));
    g_autofree char *kept = content(victim), *written = content(link);
    g_assert_cmpstr(kept, ==, "mine");
    g_assert_cmpstr(written, ==, "new");
    g_assert_false(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
}

static void test_leftovers(folder *self, gconstpointer data)
{
    g_autofree char *left = in_folder(self, ".tmp-x-1-0"), *kept = in_folder(self, "x");
    g_assert_true(g_file_set_contents(left, "half", 4, NULL));
    g_assert_true(g_file_set_contents(kept, "whole", 5, NULL));
    files_remove_leftovers(self->path);
    g_assert_false(files_exists(left));
    g_assert_true(files_exists(kept));
}

static void test_list(folder *self, gconstpointer data)
{
    static const char *const names[] = {"b", "a", ".hidden", "C"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = in_folder(self, names[i]);
        g_assert_true(g_file_set_contents(path, "", 0, NULL));
    }
    g_auto(GStrv) found = files_list(self->path, NULL);
    g_assert_nonnull(found);
    g_autofree char *joined = g_strjoinv(" ", found);
    g_assert_cmpstr(joined, ==, "C a b");
    g_autoptr(GError) error = NULL;
    g_autofree char *absent = in_folder(self, "absent");
    g_assert_null(files_list(absent, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
}

static void test_move_and_remove(folder *self, gconstpointer data)
{
    g_autofree char *from = in_folder(self, "from"), *to = in_folder(self, "to");
    g_assert_true(g_file_set_contents(from, "x", 1, NULL));
    g_assert_true(files_rename(from, to, NULL));
    g_assert_false(files_exists(from));
    g_assert_true(files_exists(to));
    g_assert_true(files_remove(to, NULL));
    g_assert_true(files_remove(to, NULL));
    g_assert_false(files_exists(to));
    g_autoptr(GError) error = NULL;
    g_assert_false(files_rename(from, to, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
}

/* ---- faults --------------------------------------------------------------------------------- */

static struct {
    int at, fault, seen;
    gboolean forever;
    GString *trace;
} plan;

static int inject(const char *what, const char *path)
{
    int number = plan.seen++;
    if (plan.trace != NULL)
        g_string_append_printf(plan.trace, "%s ", what);
    return number == plan.at || (plan.forever && number > plan.at) ? plan.fault : 0;
}

static void plan_fault(int at, int fault, gboolean forever)
{
    plan.at = at;
    plan.fault = fault;
    plan.forever = forever;
    plan.seen = 0;
    files_before_mutation = inject;
}

static void test_order_of_calls(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "sub/file");
    g_autoptr(GString) trace = g_string_new(NULL);
    plan.trace = trace;
    plan_fault(-1, 0, FALSE);
    g_assert_true(files_replace(path, "x", 1, NULL));
    plan.trace = NULL;
    g_assert_cmpstr(trace->str, ==, "mkdir fsync create write fsync rename fsync ");
}

/* Whatever call fails, once or for ever, the file is whole and old, or whole and new; success is
 * only reported for the new one. */
static void test_faults(folder *self, gconstpointer data)
{
    static const int faults[] = {ENOSPC, EIO, EMFILE, EACCES, EDQUOT, EROFS};
    g_autofree char *path = in_folder(self, "file");
    for (gsize f = 0; f < G_N_ELEMENTS(faults); f++)
        for (int at = 0; at < 6; at++)
            for (int forever = 0; forever < 2; forever++) {
                g_autoptr(GError) error = NULL;
                files_before_mutation = NULL;
                g_assert_true(files_replace(path, "old", 3, NULL));
                plan_fault(at, faults[f], forever);
                gboolean ok = files_replace(path, "new!", 4, &error);
                files_before_mutation = NULL;
                g_autofree char *text = content(path);
                g_assert_cmpint(ok, ==, at > 4);
                /* The rename went through; only the sync of the folder did not. */
                g_assert_cmpstr(text, ==, at >= 4 ? "new!" : "old");
                if (!ok) {
                    g_assert_error(error, FAILURE, FAILURE_IO);
                    g_assert_nonnull(strstr(error->message, g_strerror(faults[f])));
                }
                if (forever)
                    files_remove_leftovers(self->path);
                g_assert_cmpuint(count_entries(self->path), ==, 1);
            }
}

/* In three pieces, finished or not. */
static gboolean stream(const char *path, gboolean overwrite, GError **error)
{
    g_autoptr(files_stream) out = files_stream_new(path, error);
    return out != NULL && files_stream_write(out, "pi", 2, error) &&
           files_stream_write(out, "", 0, error) && files_stream_write(out, "eces", 4, error) &&
           files_stream_finish(out, overwrite, error);
}

static void test_stream(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "file");
    g_autoptr(GError) error = NULL;
    g_assert_true(stream(path, FALSE, NULL));
    g_autofree char *first = content(path);
    g_assert_cmpstr(first, ==, "pieces");
    g_assert_true(files_replace(path, "old", 3, NULL));
    g_assert_false(stream(path, FALSE, &error)); /* there is one already */
    g_assert_error(error, FAILURE, FAILURE_IO);
    g_autofree char *second = content(path);
    g_assert_cmpstr(second, ==, "old");
    g_assert_true(stream(path, TRUE, NULL));
    g_autofree char *third = content(path);
    g_assert_cmpstr(third, ==, "pieces");
    files_stream_free(files_stream_new(path, NULL)); /* given up */
    g_assert_cmpuint(count_entries(self->path), ==, 1);
}

static void test_stream_faults(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "file");
    for (int overwrite = 0; overwrite < 2; overwrite++)
        for (int at = 0; at < 5; at++) { /* create, write, write, fsync, rename */
            g_autoptr(GError) error = NULL;
            files_before_mutation = NULL;
            g_assert_true(files_replace(path, "old", 3, NULL));
            plan_fault(at, ENOSPC, FALSE);
            g_assert_false(stream(path, overwrite, &error));
            files_before_mutation = NULL;
            g_assert_error(error, FAILURE, FAILURE_IO);
            g_autofree char *text = content(path);
            g_assert_cmpstr(text, ==, "old");
            g_assert_cmpuint(count_entries(self->path), ==, 1);
        }
}

static void test_short_writes(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "file");
    plan_fault(0, FILES_SHORT_WRITE, TRUE);
    g_assert_true(files_replace(path, "byte by byte", 12, NULL));
    g_assert_cmpint(plan.seen, ==, 1 + 12 + 3); /* create, writes, fsync, rename, fsync */
    g_autofree char *text = content(path);
    g_assert_cmpstr(text, ==, "byte by byte");
}

static int kill_at(const char *what, const char *path)
{
    if (plan.seen++ == plan.at)
        _exit(0);
    return 0;
}

/* The process ends at each call in turn: the next one finds the old file or the new one, and
 * sweeps what is left. */
static void test_kills(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "file");
    for (int at = 0; at < 5; at++) {
        g_assert_true(files_replace(path, "old", 3, NULL));
        pid_t child = fork();
        g_assert_cmpint(child, >=, 0);
        if (child == 0) {
            plan.at = at;
            plan.seen = 0;
            files_before_mutation = kill_at;
            _exit(files_replace(path, "new!", 4, NULL) ? 1 : 2);
        }
        int status;
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        files_remove_leftovers(self->path);
        g_autofree char *text = content(path);
        g_assert_cmpstr(text, ==, at == 4 ? "new!" : "old");
        g_assert_cmpuint(count_entries(self->path), ==, 1);
    }
}

/* ---- locks ---------------------------------------------------------------------------------- */

static void test_lock(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "sub/lock");
    g_autofree char *pid = g_strdup_printf("process %d", (int)getpid());
    g_autoptr(GError) error = NULL;
    files_lock *lock = files_lock_take(path, 0, NULL);
    g_assert_nonnull(lock);
    g_assert_null(files_lock_take(path, 0, &error));
    g_assert_error(error, FAILURE, FAILURE_LOCKED);
    g_assert_nonnull(strstr(error->message, pid));
    g_clear_error(&error);
    gint64 before_us = clock_monotonic_us();
    g_assert_null(files_lock_take(path, 20, &error));
    gint64 waited_us = clock_monotonic_us() - before_us;
    g_assert_cmpint(waited_us, >=, 20000);
    g_assert_error(error, FAILURE, FAILURE_LOCKED);
    files_lock_free(lock);
    lock = files_lock_take(path, 0, NULL);
    g_assert_nonnull(lock);
    files_lock_free(lock);
    files_lock_free(NULL);
}

static void test_lock_of_dead_process(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "lock");
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0)
        _exit(files_lock_take(path, 0, NULL) != NULL ? 0 : 1);
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    files_lock *lock = files_lock_take(path, 0, NULL);
    g_assert_nonnull(lock);
    files_lock_free(lock);
}

static void test_lock_link(folder *self, gconstpointer data)
{
    g_autofree char *victim = in_folder(self, "victim"), *link = in_folder(self, "lock");
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(victim, "mine", 4, NULL));
    g_assert_cmpint(symlink(victim, link), ==, 0);
    g_assert_null(files_lock_take(link, 0, &error));
    g_assert_error(error, FAILURE, FAILURE_IO);
    g_autofree char *kept = content(victim);
    g_assert_cmpstr(kept, ==, "mine");
}

/* ---- masks ---------------------------------------------------------------------------------- */

static void test_mask(void)
{
    static const struct {
        const char *secret, *want;
    } keys[] = {
        {"short", "****"},
        {"123456789012345", "****"},
        {"1234567890123456", "****3456"},
        {"a-very-long-secret-key-abcd", "****abcd"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *got = log_mask(keys[i].secret);
        g_assert_cmpstr(got, ==, keys[i].want);
    }
}

static void test_mask_url(void)
{
    static const struct {
        const char *url, *want;
    } urls[] = {
        {"https://example.com", "https://example.com"},
        {"https://example.com/", "https://example.com"},
        {"https://example.com:8443/api/key", "https://example.com:8443/****"},
        {"https://example.com?key=abc", "https://example.com/****"},
        {"https://example.com#frag", "https://example.com/****"},
        {"postgresql://user:pass@db.example.com:5432/name",
         "postgresql://db.example.com:5432/****"},
        {"postgresql://user:p@ss@db.example.com/name", "postgresql://db.example.com/****"},
        {"postgresql://user:pa/ss@db.example.com/name", "postgresql://****"},
        {"postgresql://user:pa?ss@db.example.com/name", "postgresql://****"},
        {"postgresql:///name?host=/tmp&password=x", "postgresql:///****"},
        {"postgres://[::1]:5432/x", "postgres://[::1]:5432/****"},
        {"host=db password=secret", "****"},
        {"not a url", "****"},
        {"se cret://host", "****"},
        {"://host", "****"},
        {"", "****"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autofree char *got = log_mask_url(urls[i].url);
        g_assert_cmpstr(got, ==, urls[i].want);
    }
}

/* ---- redactor ------------------------------------------------------------------------------- */

#define SECRET "s3cr3t/k+y=\"42\" \\~"

static void assert_redacted(const char *text, const char *want)
{
    g_autofree char *got = log_redact(text);
    g_assert_cmpstr(got, ==, want);
}

static void test_redact(folder *self, gconstpointer data)
{
    /* The encodings by Python: urllib.parse.quote, quote_plus, quote(safe=''), json.dumps, hex. */
    static const char *const forms[] = {
        SECRET,
        "s3cr3t/k%2By%3D%2242%22%20%5C~",
        "s3cr3t%2Fk%2By%3D%2242%22+%5C~",
        "s3cr3t%2Fk%2By%3D%2242%22%20%5C~",
        "s3cr3t%2fk%2by%3d%2242%22%20%5c~",
        "s3cr3t/k+y=\\\"42\\\" \\\\~",
        "s3cr3t\\/k+y=\\\"42\\\" \\\\~",
        "7333637233742f6b2b793d22343222205c7e",
        "7333637233742F6B2B793D22343222205C7E",
    };
    log_register_secret(SECRET);
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *text = g_strdup_printf("before %s after", forms[i]);
        assert_redacted(text, "before **** after");
    }
    assert_redacted("s3cr3t/k+y", "s3cr3t/k+y");
    assert_redacted("", "");
}

/* Whatever stands before and behind the secret, its base64 shows at most the bits of one character
 * at either end. */
static void test_redact_base64(folder *self, gconstpointer data)
{
    static const char secret[] = "0f8fad5b-d9cb-469f-a165-70867728950e";
    log_register_secret(secret);
    for (int before = 0; before < 7; before++)
        for (int after = 0; after < 4; after++) {
            g_autofree char *text = g_strdup_printf("%.*s%s%.*s", before, "user:xy", secret, after,
                                                    "tail");
            g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
            g_autofree char *redacted = log_redact(encoded);
            g_assert_nonnull(strstr(redacted, "****"));
            gsize left = strlen(redacted) - 4;
            g_assert_cmpuint(left, <=, (gsize)(before + after) * 4 / 3 + 5);
        }
}

static void test_redact_overlap(folder *self, gconstpointer data)
{
    log_register_secret("abcdefgh");
    log_register_secret("efghijklmnop");
    log_register_secret("abcdefghXYZ");
    assert_redacted("<abcdefghijklmnop>", "<****>");
    assert_redacted("<abcdefghXYZ>", "<****>");
    assert_redacted("abcdefghabcdefgh", "********");
    log_register_secret("tiny"); /* too short: it would mask ordinary words */
    assert_redacted("a tiny word", "a tiny word");
}

static void test_quote_redacts(folder *self, gconstpointer data)
{
    g_autofree char *secret = g_strnfill(200, 'k');
    log_register_secret(secret);
    g_autofree char *text = g_strconcat("x=", secret, NULL);
    g_autofree char *quoted = failure_quote(text, -1);
    g_assert_cmpstr(quoted, ==, "\"x=****\"");
}

/* ---- log ------------------------------------------------------------------------------------ */

static void fix_clock(const char *us)
{
    g_setenv("QUANTBOT_CLOCK_US", us, TRUE);
}

static void test_clock(void)
{
    fix_clock("1580481000123456");
    g_assert_cmpint(clock_now_us(), ==, G_GINT64_CONSTANT(1580481000123456));
    fix_clock("not a number");
    g_assert_cmpint(clock_now_us(), >, G_GINT64_CONSTANT(1600000000000000));
    g_unsetenv("QUANTBOT_CLOCK_US");
    gint64 first_us = clock_monotonic_us();
    g_assert_cmpint(clock_monotonic_us(), >=, first_us);
}

static void test_levels(void)
{
    static const struct {
        const char *text;
        log_level level;
    } cases[] = {
        {"DEBUG", LOG_DEBUG},    {"info", LOG_INFO},    {"Warning", LOG_WARNING},
        {"warn", LOG_WARNING},   {"ERROR", LOG_ERROR},  {"critical", LOG_CRITICAL},
        {"FATAL", LOG_CRITICAL}, {"notset", LOG_DEBUG},
    };
    log_level level = LOG_INFO;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_true(log_level_from_text(cases[i].text, &level));
        g_assert_cmpint(level, ==, cases[i].level);
    }
    g_assert_false(log_level_from_text("verbose", &level));
    g_assert_cmpstr(log_level_text(LOG_WARNING), ==, "WARNING");
}

static void test_log(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "log/quantbot.log");
    struct stat info;
    log_register_secret("tok-0123456789abcdef");
    fix_clock("1580481000123456"); /* date -ud @1580481000: 2020-01-31 14:30:00 */
    g_assert_true(log_open_file(path, 100000, 2, NULL));
    log_event(LOG_DEBUG, "test", "below the level");
    log_event(LOG_INFO, "test", "symbol=%s", "A\nB\033[2J\xe2\x80\xae");
    for (int i = 0; i < 4; i++)
        log_event(LOG_WARNING, "http", "Authorization: tok-0123456789abcdef");
    log_set_run("run-7");
    log_event(LOG_ERROR, "gate", "halted");
    log_event(LOG_ERROR, "gate", "halted");
    log_flush();
    log_set_run(NULL);
    g_unsetenv("QUANTBOT_CLOCK_US");
    g_autofree char *text = content(path);
    g_assert_cmpstr(
        text, ==,
        "2020-01-31T14:30:00.123Z INFO test: symbol=A\\nB\\x1b[2J\\u202e\n"
        "2020-01-31T14:30:00.123Z WARNING http: Authorization: ****\n"
        "2020-01-31T14:30:00.123Z WARNING http: Authorization: **** (repeated 3 times)\n"
        "2020-01-31T14:30:00.123Z ERROR gate run=run-7: halted\n"
        "2020-01-31T14:30:00.123Z ERROR gate run=run-7: halted (repeated 1 time)\n");
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
}

/* A minute of the same line is reported while it lasts. */
static void test_repeats_over_time(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "quantbot.log");
    g_assert_true(log_open_file(path, 100000, 2, NULL));
    static const char *const times[] = {"1580481000000000", "1580481030000000", "1580481061000000"};
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
        fix_clock(times[i]);
        log_event(LOG_WARNING, "feed", "stale");
    }
    g_unsetenv("QUANTBOT_CLOCK_US");
    g_autofree char *text = content(path);
    g_assert_nonnull(strstr(text, "14:31:01.000Z WARNING feed: stale (repeated 2 times)\n"));
}

static void test_rotation(folder *self, gconstpointer data)
{
    g_autofree char *path = in_folder(self, "quantbot.log");
    struct stat info;
    g_assert_true(log_open_file(path, 200, 2, NULL));
    for (int i = 0; i < 40; i++)
        log_event(LOG_INFO, "test", "line %d of a log that is rotated", i);
    log_close_file();
    g_assert_cmpuint(count_entries(self->path), ==, 3);
    static const char *const names[] = {"quantbot.log", "quantbot.log.1", "quantbot.log.2"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = in_folder(self, names[i]);
        g_assert_cmpint(stat(file, &info), ==, 0);
        g_assert_cmpint(info.st_size, <=, 200);
    }
    g_autofree char *newest = content(path);
    g_assert_nonnull(strstr(newest, "line 39 "));
}

static void test_log_refused(folder *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(log_open_file(self->path, 1000, 1, &error));
    g_assert_error(error, FAILURE, FAILURE_IO);
    log_event(LOG_INFO, "test", "goes on without a file");
}

/* ---- process -------------------------------------------------------------------------------- */

static void test_wipe(void)
{
    g_setenv("QUANTBOT_TEST_SECRET", "hunter2hunter2", TRUE);
    const char *before = g_getenv("QUANTBOT_TEST_SECRET");
    g_assert_cmpstr(before, ==, "hunter2hunter2");
    process_wipe_environment("QUANTBOT_TEST_SECRET");
    g_assert_null(g_getenv("QUANTBOT_TEST_SECRET"));
    process_wipe_environment("QUANTBOT_TEST_SECRET");
    process_protect();
}

#define ADD(name, function) \
    g_test_add("/platform/" name, folder, NULL, folder_open, function, folder_close)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/platform/failure/quote", test_quote);
    g_test_add_func("/platform/failure/quote-length", test_quote_length);
    g_test_add_func("/platform/failure/many", test_failures);
    g_test_add_func("/platform/failure/status", test_status);
    ADD("files/read", test_read);
    ADD("files/read-refusals", test_read_refusals);
    ADD("files/replace", test_replace);
    ADD("files/replace-link", test_replace_link);
    ADD("files/stream", test_stream);
    ADD("files/stream-faults", test_stream_faults);
    ADD("files/leftovers", test_leftovers);
    ADD("files/list", test_list);
    ADD("files/move-and-remove", test_move_and_remove);
    ADD("files/order-of-calls", test_order_of_calls);
    ADD("files/faults", test_faults);
    ADD("files/short-writes", test_short_writes);
    ADD("files/kills", test_kills);
    ADD("lock/exclusive", test_lock);
    ADD("lock/dead-process", test_lock_of_dead_process);
    ADD("lock/link", test_lock_link);
    g_test_add_func("/platform/mask/key", test_mask);
    g_test_add_func("/platform/mask/url", test_mask_url);
    ADD("redact/forms", test_redact);
    ADD("redact/base64", test_redact_base64);
    ADD("redact/overlap", test_redact_overlap);
    ADD("redact/before-cutting", test_quote_redacts);
    g_test_add_func("/platform/clock", test_clock);
    g_test_add_func("/platform/log/levels", test_levels);
    ADD("log/lines", test_log);
    ADD("log/repeats-over-time", test_repeats_over_time);
    ADD("log/rotation", test_rotation);
    ADD("log/refused", test_log_refused);
    g_test_add_func("/platform/process/wipe", test_wipe);
    return g_test_run();
}
