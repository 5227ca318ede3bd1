/* Strategies in files of the user's: written, compiled, run, shown, reproduced; and what happens
 * when one does not compile, crashes or never ends. */
#include "program.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void import_sample(program *self)
{
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d", "--calendar", "XNYS");
}

static int run_file(program *self, const char *file)
{
    return program_run(self, "backtest", "--symbols", "AAPL", "--strategy", file, "--beside",
                       "none", "--json", NULL);
}

#define assert_says(text, part)                                            \
    do {                                                                   \
        if (strstr((text), (part)) == NULL)                                \
            g_error("\"%s\" is not in what it says:\n%s", (part), (text)); \
    } while (0)

static char *read_file(const program *self, const char *name)
{
    g_autofree char *path = g_build_filename(self->folder, name, NULL);
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* The run log's runs. */
static gsize count_runs(program *self)
{
    if (program_run(self, "runs", "list", "--json", NULL) != 0)
        return 0;
    json_t *root = program_json(self);
    const gsize count = json_array_size(json_is_array(root) ? root : json_object_get(root, "runs"));
    json_decref(root);
    return count;
}

/* ---- strategy new ---------------------------------------------------------------------------- */

static gboolean compiles(const program *self, const char *compiler, const char *file)
{
    g_autofree char *found = g_find_program_in_path(compiler);
    g_autofree char *include = program_source("src");
    g_autofree char *words =
        g_strdup_printf("%s -std=gnu17 -O2 -Wall -Wextra -Werror -isystem %s -c -o /dev/null %s",
                        compiler, include, file);
    if (found == NULL) {
        g_test_message("%s is not there", compiler);
        return TRUE;
    }
    g_auto(GStrv) line = NULL;
    g_autofree char *said = NULL;
    int status = 0;
    g_assert_true(g_shell_parse_argv(words, NULL, &line, NULL));
    g_assert_true(g_spawn_sync(self->folder, line, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               &said, &status, NULL));
    if (status != 0)
        g_test_message("%s: %s", compiler, said);
    return status == 0;
}

static void test_new(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "strategy", "new", "quick_fox_2");
    g_assert_true(compiles(self, "gcc", "quick_fox_2.c"));
    g_assert_true(compiles(self, "clang", "quick_fox_2.c"));
    g_assert_true(compiles(self, "clang-14", "quick_fox_2.c"));
    program_expect(self, 0, "strategy", "show", "./quick_fox_2.c", "--json");
    json_t *root = program_json(self);
    g_assert_cmpstr(json_string_value(json_object_get(root, "name")), ==, "quick_fox_2");
    json_decref(root);
    g_assert_cmpstr(self->err, ==, ""); /* no warning either */

    program_write(self, "quick_fox_2.c", "mine\n");
    program_expect(self, 2, "strategy", "new", "quick_fox_2");
    assert_says(self->err, "quick_fox_2.c: is there already (--force replaces it)");
    g_autofree char *kept = read_file(self, "quick_fox_2.c");
    g_assert_cmpstr(kept, ==, "mine\n");
    program_expect(self, 0, "strategy", "new", "quick_fox_2", "--force");
    g_autofree char *replaced = read_file(self, "quick_fox_2.c");
    assert_says(replaced, ".name = \"quick_fox_2\"");
    g_assert_null(strstr(replaced, "my_idea"));
}

static void test_names(void)
{
    static const char *const bad[] = {"", "My", "1st", "_x", "a-b", "../x", "a b", "x.c", "a\n"};
    g_autoptr(program) self = program_new();
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        program_expect(self, 2, "strategy", "new", bad[i]);
    g_autofree char *longest = g_strnfill(64, 'x'), *longer = g_strnfill(65, 'x');
    program_expect(self, 0, "strategy", "new", longest);
    program_expect(self, 2, "strategy", "new", longer);
}

/* ---- running a file -------------------------------------------------------------------------- */

/* sma_cross in short, for one instrument. */
static const char crosses[] =
    "#include \"core/engine/strategy.h\"\n"
    "struct pair { qb_sma fast, slow; };\n"
    "static size_t warmup(const double *p) { (void)p; return 50; }\n"
    "static qb_status init(const qb_setup *s, void **out)\n"
    "{ struct pair *pair = s->alloc(s, 1, sizeof *pair); *out = pair;\n"
    "qb_sma_init(&pair->fast, s->alloc(s, 20, 8), 20);\n"
    "qb_sma_init(&pair->slow, s->alloc(s, 50, 8), 50); return QB_OK; }\n"
    "static void on_bar(void *state, const qb_context *context, uint32_t i)\n"
    "{ struct pair *pair = state; double close = qb_close_now(context, i);\n"
    "qb_sma_add(&pair->fast, close); qb_sma_add(&pair->slow, close);\n"
    "if (qb_sma_ready(&pair->slow)) context->host->signal(context, i,\n"
    "qb_sma_compare(&pair->fast, &pair->slow) > 0); }\n"
    "const qb_strategy quantbot_strategy = {.abi_version = QB_STRATEGY_ABI,\n"
    ".struct_size = sizeof(qb_strategy), .name = \"crosses\", .summary = \"x\",\n"
    ".warmup = warmup, .init = init, .on_bar = on_bar};\n";

static void test_equals_built_in(void)
{
    g_autoptr(program) self = program_new();
    import_sample(self);
    program_write(self, "crosses.c", crosses);
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", "sma_cross", "--param",
                   "fast=20", "--param", "slow=50", "--json", "--no-log");
    json_t *want = program_json(self);
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", "./crosses.c", "--json",
                   "--no-log");
    json_t *got = program_json(self);
    static const char *const same[] = {"equity", "cash",   "fees", "bars",     "fills",
                                       "trades", "orders", "kpis", "rejected", "cancelled"};
    g_assert_cmpint(json_integer_value(json_object_get(got, "fills")), >, 20);
    for (gsize i = 0; i < G_N_ELEMENTS(same); i++)
        if (!json_equal(json_object_get(want, same[i]), json_object_get(got, same[i])))
            g_error("%s: %s, want %s", same[i],
                    json_dumps(json_object_get(got, same[i]), JSON_ENCODE_ANY),
                    json_dumps(json_object_get(want, same[i]), JSON_ENCODE_ANY));
    json_decref(want);
    json_decref(got);
}

static void test_store(void)
{
    g_autoptr(program) self = program_new();
    import_sample(self);
    program_expect(self, 0, "strategy", "new", "mine");
    g_assert_cmpint(run_file(self, "./mine.c"), ==, 0);
    g_autofree char *path = g_build_filename(self->folder, "data/runtime/strategies", NULL);
    struct stat about;
    g_assert_cmpint(g_stat(path, &about), ==, 0);
    g_assert_cmpint(about.st_mode & 0777, ==, 0700);

    /* Found again without a compiler's work: the object's own date does not change. */
    g_autofree char *object = NULL;
    GDir *dir = g_dir_open(path, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (!g_str_has_prefix(name, "include-"))
            object = g_build_filename(path, name, "strategy.so", NULL);
    g_dir_close(dir);
    struct stat before, after;
    g_assert_cmpint(g_stat(object, &before), ==, 0);
    g_assert_cmpint(run_file(self, "./mine.c"), ==, 0);
    g_assert_cmpint(g_stat(object, &after), ==, 0);
    g_assert_true(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec && before.st_ino == after.st_ino);

    /* An object by itself. */
    g_autofree char *copy = g_build_filename(self->folder, "copy.so", NULL), *bytes = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(object, &bytes, &size, NULL));
    g_assert_true(g_file_set_contents(copy, bytes, (gssize)size, NULL));
    g_assert_cmpint(run_file(self, "./copy.so"), ==, 0);
    assert_says(self->out, "\"strategy\":\"mine\"");
}

static void test_own_header(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "strategy", "new", "mine");
    g_autofree char *text = read_file(self, "mine.c");
    g_autofree char *with = g_strconcat("#include \"my own.h\"\n#define SUMMARY_OF_MINE SUMMARY\n",
                                        text, NULL);
    char *at = strstr(with, "\"Long while the close is above its average by a band\"");
    g_autoptr(GString) source = g_string_new_len(with, at - with);
    g_string_append(source, "SUMMARY,\n");
    g_string_append(source, strchr(at, '\n') + 1);
    program_write(self, "mine.c", source->str);
    program_write(self, "my own.h", "#define SUMMARY \"first\"\n");
    program_expect(self, 0, "strategy", "show", "./mine.c");
    assert_says(self->out, "mine: first");
    program_write(self, "my own.h", "#define SUMMARY \"second\"\n");
    program_expect(self, 0, "strategy", "show", "./mine.c");
    assert_says(self->out, "mine: second");
}

static void test_reproduce(void)
{
    g_autoptr(program) self = program_new();
    import_sample(self);
    program_expect(self, 0, "strategy", "new", "mine");
    g_assert_cmpint(run_file(self, "mine.c"), ==, 0);
    program_expect(self, 0, "runs", "reproduce", "last");
    g_autofree char *text = read_file(self, "mine.c");
    g_autofree char *changed = g_strconcat(text, "\nthis does not compile\n", NULL);
    program_write(self, "mine.c", changed);
    program_expect(self, 5, "runs", "reproduce", "last");
    assert_says(self->err, "mine.c: has changed since the run");
    program_write(self, "mine.c", text);
    program_expect(self, 0, "runs", "reproduce", "last");
    g_autofree char *path = g_build_filename(self->folder, "mine.c", NULL);
    g_unlink(path);
    program_expect(self, 5, "runs", "reproduce", "last");
    assert_says(self->err, "mine.c");
}

/* ---- what cannot be loaded ------------------------------------------------------------------- */

#define HEAD "#include \"core/engine/strategy.h\"\n#include <stdlib.h>\n#include <math.h>\n"
#define PLAIN_WARMUP "static size_t warmup(const double *p) { (void)p; return 1; }\n"
#define PLAIN_INIT                                           \
    "static qb_status init(const qb_setup *s, void **out)\n" \
    "{ (void)s; *out = NULL; return QB_OK; }\n"
#define BAR "static void on_bar(void *state, const qb_context *context, uint32_t i)\n"
#define QUIET "(void)state; (void)context; (void)i;"
#define TAIL                                                                       \
    "const qb_strategy quantbot_strategy = {.abi_version = QB_STRATEGY_ABI,\n"     \
    ".struct_size = sizeof(qb_strategy), .name = \"fragile\", .summary = \"x\",\n" \
    ".warmup = warmup, .init = init, .on_bar = on_bar};\n"

static void test_compile_error(void)
{
    g_autoptr(program) self = program_new();
    import_sample(self);
    program_write(self, "bad.c", HEAD "int x = ;\n");
    g_assert_cmpint(run_file(self, "./bad.c"), ==, 4);
    assert_says(self->err, "./bad.c:4:9: error: expected expression before");
    assert_says(self->err, "quantbot: error: ./bad.c: does not compile (");
    /* A function that nobody has is missed when it is linked. */
    program_write(self, "link.c",
                  HEAD "double nowhere(void);\n" PLAIN_WARMUP PLAIN_INIT BAR "{" QUIET
                       " if (nowhere() > 0) return; }\n" TAIL);
    g_assert_cmpint(run_file(self, "./link.c"), ==, 4);
    assert_says(self->err, "nowhere");
    g_assert_cmpuint(count_runs(self), ==, 0);
}

static void test_no_strategy(void)
{
    g_autoptr(program) self = program_new();
    import_sample(self);
    g_assert_cmpint(run_file(self, "./absent.c"), ==, 5);
    program_write(self, "none.c", "int x;\n");
    g_assert_cmpint(run_file(self, "./none.c"), ==, 4);
    assert_says(self->err, "./none.c: exports no strategy");
    program_write(self, "junk.so", "this is no object");
    g_assert_cmpint(run_file(self, "./junk.so"), ==, 4);
    assert_says(self->err, "./junk.so: cannot be loaded");
    program_write(self, "old.c",
                  HEAD PLAIN_WARMUP PLAIN_INIT BAR
                  "{" QUIET "}\n"
                  "const qb_strategy quantbot_strategy = {.abi_version = 99};\n"
                  "const void *used[] = {(void *)warmup, (void *)init, (void *)on_bar};\n");
    g_assert_cmpint(run_file(self, "./old.c"), ==, 4);
    assert_says(self->err, "another version of the strategy interface");
    g_assert_cmpint(run_file(self, "./README"), ==, 2);
    g_setenv("CC", "no-such-compiler", TRUE);
    g_assert_cmpint(run_file(self, "./none.c"), ==, 3);
    assert_says(self->err, "CC: there is no program \"no-such-compiler\"");
    g_unsetenv("CC");
}

/* ---- crashes --------------------------------------------------------------------------------- */

typedef struct crash {
    const char *name, *body, *wants;
} crash;

/* The sample's first bar is of 2013-05-13, its third of 2013-05-15. */
static const crash crashes[] = {
    {"segv",
     PLAIN_WARMUP PLAIN_INIT BAR
     "{" QUIET " if (context->history[i].total == 3) *(volatile int *)8 = 1; }\n" TAIL,
     "strategy fragile (./crash.c) crashed (SIGSEGV, memory that is not its own, or too deep a "
     "recursion) in on_bar at AAPL, bar 2013-05-1"},
    {"recursion",
     PLAIN_WARMUP PLAIN_INIT
     "static int deep(volatile int *p) { volatile int own[64]; own[0] = *p + 1;\n"
     "return deep(own) + own[0] + *p; }\n" BAR "{" QUIET
     " volatile int one = 1; if (deep(&one)) return; }\n" TAIL,
     "too deep a recursion) in on_bar at AAPL"},
    {"fpe",
     PLAIN_WARMUP PLAIN_INIT BAR
     "{" QUIET " volatile int none = 0, one = 1; one /= none; (void)one; }\n" TAIL,
     "crashed (SIGFPE, a whole number divided by zero) in on_bar"},
    {"ill", PLAIN_WARMUP PLAIN_INIT BAR "{" QUIET " __builtin_trap(); }\n" TAIL,
     "crashed (SIGILL, no instruction) in on_bar"},
    {"abort", PLAIN_WARMUP PLAIN_INIT BAR "{" QUIET " abort(); }\n" TAIL, "aborted in on_bar"},
    {"exit", PLAIN_WARMUP PLAIN_INIT BAR "{" QUIET " exit(0); }\n" TAIL, "called exit in on_bar"},
    {"init",
     PLAIN_WARMUP "static qb_status init(const qb_setup *s, void **out)\n"
                  "{ (void)s; (void)out; abort(); }\n" BAR "{" QUIET "}\n" TAIL,
     "aborted in init; nothing"},
    {"warmup",
     "static size_t warmup(const double *p) { (void)p; abort(); }\n" PLAIN_INIT BAR "{" QUIET
     "}\n" TAIL,
     "aborted in warmup; nothing"},
    {"clear",
     PLAIN_WARMUP PLAIN_INIT BAR
     "{" QUIET "}\n"
     "static void clear(void *state) { (void)state; abort(); }\n"
     "const qb_strategy quantbot_strategy = {.abi_version = QB_STRATEGY_ABI,\n"
     ".struct_size = sizeof(qb_strategy), .name = \"fragile\", .summary = \"x\",\n"
     ".warmup = warmup, .init = init, .on_bar = on_bar, .clear = clear};\n",
     "aborted in clear"},
    {"fill",
     PLAIN_WARMUP PLAIN_INIT BAR
     "{ (void)state; context->host->signal(context, i, 1); }\n"
     "static void on_fill(void *state, const qb_context *context, const qb_fill *fill)\n"
     "{ (void)state; (void)context; (void)fill; abort(); }\n"
     "const qb_strategy quantbot_strategy = {.abi_version = QB_STRATEGY_ABI,\n"
     ".struct_size = sizeof(qb_strategy), .name = \"fragile\", .summary = \"x\",\n"
     ".warmup = warmup, .init = init, .on_bar = on_bar, .on_fill = on_fill};\n",
     "aborted in on_fill at AAPL, bar 2013-05-1"},
    {"loading",
     PLAIN_WARMUP PLAIN_INIT BAR
     "{" QUIET "}\n"
     "__attribute__((constructor)) static void first(void) { abort(); }\n" TAIL,
     "strategy ./crash.c aborted in its loading"},
};

static void test_crash(gconstpointer data)
{
    const crash *crash = data;
    g_autoptr(program) self = program_new();
    g_autofree char *text = g_strconcat(HEAD, crash->body, NULL);
    import_sample(self);
    program_write(self, "crash.c", text);
    const int got = run_file(self, "./crash.c");
    if (got != 70)
        g_error("exit %d\n%s%s", got, self->out, self->err);
    assert_says(self->err, crash->wants);
    assert_says(self->err, "nothing of the run was stored\n");
    g_assert_cmpstr(self->out, ==, "");
    g_assert_cmpuint(count_runs(self), ==, 0);
}

/* Ctrl-C in the middle of a loop that never ends. */
static void test_endless(void)
{
    g_autoptr(program) self = program_new();
    import_sample(self);
    program_write(self, "endless.c",
                  HEAD "#include <stdio.h>\n" PLAIN_WARMUP PLAIN_INIT BAR "{" QUIET
                       " FILE *f = fopen(\"begun\", \"w\"); if (f) fclose(f);\n"
                       "for (volatile int on = 1; on;) {} }\n" TAIL);
    const char *const words[] = {"backtest",   "--symbols",   "AAPL",
                                 "--strategy", "./endless.c", NULL};
    const GPid pid = program_start(self, words);
    g_autofree char *begun = g_build_filename(self->folder, "begun", NULL);
    while (!g_file_test(begun, G_FILE_TEST_EXISTS) && kill(pid, 0) == 0)
        g_thread_yield();
    kill(pid, SIGINT);
    int status = 0;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    /* A shell calls either of them 130. */
    g_assert_true((WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) ||
                  (WIFEXITED(status) && WEXITSTATUS(status) == 130));
    g_assert_cmpuint(count_runs(self), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/strategy/new", test_new);
    g_test_add_func("/strategy/names", test_names);
    g_test_add_func("/strategy/equals-built-in", test_equals_built_in);
    g_test_add_func("/strategy/store", test_store);
    g_test_add_func("/strategy/own-header", test_own_header);
    g_test_add_func("/strategy/reproduce", test_reproduce);
    g_test_add_func("/strategy/compile-error", test_compile_error);
    g_test_add_func("/strategy/no-strategy", test_no_strategy);
    for (gsize i = 0; i < G_N_ELEMENTS(crashes); i++) {
        g_autofree char *path = g_strdup_printf("/strategy/crash/%s", crashes[i].name);
        g_test_add_data_func(path, &crashes[i], test_crash);
    }
    g_test_add_func("/strategy/endless", test_endless);
    return g_test_run();
}
