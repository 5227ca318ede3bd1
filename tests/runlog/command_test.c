/* The program with DATABASE_URL: what it says, where runs go while the server is away, and how they
 * come to it later. */
#include "sample.h"
#include "server.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static server *postgres;

typedef struct answer {
    char *out, *errors;
    int code;
} answer;

static void answer_clear(answer *self)
{
    g_free(self->out);
    g_free(self->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(answer, answer_clear)

static answer run(const sample_folder *folder, const char *url, const char *words)
{
    answer self = {0};
    GError *error = NULL;
    int status = 0;
    g_autofree char *line = g_strdup_printf("%s %s", g_getenv("QUANTBOT_BINARY"), words);
    g_auto(GStrv) arguments = g_strsplit(line, " ", -1);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "DATABASE_URL", url, TRUE);
    g_spawn_sync(folder->folder, arguments, environment, G_SPAWN_DEFAULT, NULL, NULL, &self.out,
                 &self.errors, &status, &error);
    g_assert_no_error(error);
    self.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return self;
}

static char *url_of(const char *schema)
{
    return g_strdup_printf("postgresql+psycopg2://quantbot:pencil77@/postgres?host=%s"
                           "&options=-c%%20search_path%%3D%s",
                           server_folder(postgres), schema);
}

static void import(const sample_folder *folder)
{
    g_autofree char *words =
        g_strdup_printf("data import %s/samples/AAPL-2013-2018.csv --symbol AAPL --asset equity"
                        " --interval 1d",
                        g_getenv("QUANTBOT_SOURCE"));
    g_auto(answer) done = run(folder, "", words);
    g_assert_cmpint(done.code, ==, 0);
}

static void test_refuge(sample_folder *folder, gconstpointer unused)
{
    static const char backtest[] = "backtest --symbols AAPL --strategy sma_cross --beside none";
    g_autofree char *schema = server_new_schema(postgres);
    g_autofree char *url = url_of(schema);
    import(folder);
    g_auto(answer) first = run(folder, url, backtest);
    g_assert_cmpint(first.code, ==, 0);
    g_assert_cmpstr(first.errors, ==, "");
    server_stop(postgres, "fast");
    g_auto(answer) away = run(folder, url, backtest);
    g_assert_cmpint(away.code, ==, 0);
    g_assert_nonnull(strstr(away.errors, "quantbot db sync"));
    g_assert_null(strstr(away.errors, "pencil77"));
    g_auto(answer) unread = run(folder, url, "runs list");
    g_assert_cmpint(unread.code, ==, 8);
    g_auto(answer) unsent = run(folder, url, "db sync");
    g_assert_cmpint(unsent.code, ==, 8);
    server_go_on(postgres);
    g_auto(answer) sync = run(folder, url, "db sync --json");
    g_assert_cmpint(sync.code, ==, 0);
    g_assert_nonnull(strstr(sync.out, "\"carried\":1,\"there_already\":0"));
    g_auto(answer) again = run(folder, url, "db sync --json");
    g_assert_nonnull(strstr(again.out, "\"carried\":0,\"there_already\":1"));
    /* the same backtest twice: two runs, one state */
    g_autofree char *runs = server_ask(postgres, schema, "SELECT count(*) FROM runs");
    g_autofree char *states = server_ask(postgres, schema,
                                         "SELECT count(DISTINCT state_hash) FROM runs");
    g_autofree char *rows = server_ask(
        postgres, schema,
        "SELECT count(*) FROM (SELECT count(*) AS n FROM equity_points GROUP BY run_id) AS runs"
        " GROUP BY n HAVING n > 1000");
    g_assert_cmpstr(runs, ==, "2");
    g_assert_cmpstr(states, ==, "1");
    g_assert_cmpstr(rows, ==, "2");
    g_auto(answer) reproduced = run(folder, url, "runs reproduce last");
    g_assert_cmpint(reproduced.code, ==, 0);
}

static void test_status(sample_folder *folder, gconstpointer unused)
{
    g_autofree char *schema = server_new_schema(postgres);
    g_autofree char *url = url_of(schema);
    g_auto(answer) before = run(folder, url, "db status");
    g_assert_cmpint(before.code, ==, 8);
    g_assert_nonnull(strstr(before.errors, "quantbot db init makes the run log"));
    g_auto(answer) init = run(folder, url, "db init --json");
    g_assert_cmpint(init.code, ==, 0);
    g_assert_nonnull(strstr(init.out, "\"kind\":\"postgresql\""));
    g_assert_nonnull(strstr(init.out, "\"result\":\"made\""));
    g_auto(answer) status = run(folder, url, "db status --json");
    g_assert_cmpint(status.code, ==, 0);
    g_assert_nonnull(strstr(status.out, server_folder(postgres)));
    g_assert_null(strstr(status.out, "pencil77"));
    g_auto(answer) check = run(folder, url, "env check");
    g_assert_cmpint(check.code, ==, 0);
    g_assert_true(g_str_has_suffix(check.out, "\nDB OK (postgresql)\n"));
}

/* The same of both: what is thinned, copied and put back. */
static void assert_kept(const sample_folder *folder, const char *url, const char *name)
{
    static const char backtest[] = "backtest --symbols AAPL --strategy sma_cross --beside none";
    g_autofree char *copy = g_build_filename(folder->folder, name, NULL);
    g_autofree char *backup = g_strconcat("db backup --json ", copy, NULL);
    g_autofree char *restore = g_strconcat("db restore --json ", copy, NULL);
    g_auto(answer) logged = run(folder, url, backtest);
    g_assert_cmpint(logged.code, ==, 0);
    g_auto(answer) migrated = run(folder, url, "db migrate");
    g_assert_cmpstr(migrated.out, ==, "Nothing to do: the schema is of version 5.\n");
    g_auto(answer) copied = run(folder, url, backup);
    g_assert_cmpstr(copied.errors, ==, "");
    g_assert_nonnull(strstr(copied.out, "\"runs\":1"));
    g_auto(answer) twice = run(folder, url, backup);
    g_assert_cmpint(twice.code, ==, 2);
    g_assert_cmpint(sample_count(copy, "SELECT count(*) FROM equity_points"), >, 1000);
    g_auto(answer) purged = run(folder, url, "db purge-sim --yes");
    g_assert_cmpint(purged.code, ==, 0);
    g_auto(answer) restored = run(folder, url, restore);
    g_assert_cmpstr(restored.out, ==, "{\"restored\":1,\"there_already\":0}\n");
    g_auto(answer) known = run(folder, url, restore);
    g_assert_cmpstr(known.out, ==, "{\"restored\":0,\"there_already\":1}\n");
    g_auto(answer) young = run(folder, url, "db prune --decisions 1 --equity 1 --json");
    g_assert_cmpstr(young.out, ==, "{\"deleted\":false,\"decisions\":0,\"equity_points\":0}\n");
    g_auto(answer) asked = run(folder, url, "db prune --decisions 0 --json");
    g_auto(answer) pruned = run(folder, url, "db prune --decisions 0 --json --yes");
    g_assert_cmpint(pruned.code, ==, 0);
    g_assert_null(strstr(asked.out, "\"decisions\":0"));
    g_assert_cmpstr(strstr(asked.out, "\"decisions\""), ==, strstr(pruned.out, "\"decisions\""));
    g_auto(answer) nothing = run(folder, url, "db prune");
    g_assert_cmpint(nothing.code, ==, 2);
    g_auto(answer) reproduced = run(folder, url, "runs reproduce last");
    g_assert_cmpint(reproduced.code, ==, 0);
}

static void test_kept(sample_folder *folder, gconstpointer unused)
{
    g_autofree char *schema = server_new_schema(postgres);
    g_autofree char *url = url_of(schema);
    import(folder);
    assert_kept(folder, "", "file-copy.db");
    assert_kept(folder, url, "server-copy.db");
}

static void test_errors(sample_folder *folder, gconstpointer unused)
{
    static const struct {
        const char *rest, *said;
        int code;
    } cases[] = {
        {"quantbot:pencil77@/nowhere?host=%s", "database \"nowhere\" does not exist", 8},
        {"nobody:pencil77@/postgres?host=%s", "role \"nobody\" does not exist", 8},
        /* Not of this machine by its name, so it must prove that name. */
        {"quantbot:pencil77@db.example.com/"
         "postgres?host=db.example.com&hostaddr=127.0.0.1&port=1%s",
         "port 1 failed", 8},
        {"quantbot:pencil77@h/postgres?colour=%s", "DATABASE_URL: the value is not a database", 3},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *place = strchr(cases[i].rest, '%');
        g_autofree char *url =
            g_strdup_printf("postgresql://%.*s%s", (int)(place - cases[i].rest), cases[i].rest,
                            strstr(cases[i].rest, "port=1") != NULL ? "" : server_folder(postgres));
        g_auto(answer) got = run(folder, url, "db init");
        g_assert_cmpint(got.code, ==, cases[i].code);
        if (strstr(got.errors, cases[i].said) == NULL)
            g_error("%s: %s", url, got.errors);
        g_assert_null(strstr(got.errors, "pencil77"));
    }
    g_auto(answer) pooled = run(folder,
                                "postgresql://u:pencil77@ep-a-1-pooler.eu.aws.neon.tech/d"
                                "?hostaddr=127.0.0.1&port=1",
                                "db init");
    g_assert_nonnull(strstr(pooled.errors, "the same name without \"-pooler\""));
    g_assert_null(strstr(pooled.errors, "pencil77"));
    g_auto(answer) nothing = run(folder, "", "db sync");
    g_assert_cmpint(nothing.code, ==, 2);
}

/* A server elsewhere must prove its name, whatever sslmode says. Last: the server changes. */
static void test_tls(sample_folder *folder, gconstpointer unused)
{
    guint16 port = 0;
    g_autofree char *certificate = NULL;
    if (!server_use_tls(postgres, &port, &certificate)) {
        g_test_skip("no openssl is installed (openssl)");
        return;
    }
    static const struct {
        const char *name, *mode, *said; /* NULL: it is let in */
        gboolean trusted, as_given;
    } cases[] = {
        {"pgtest.example", "", NULL, TRUE, FALSE},
        {"pgtest.example", "&sslmode=require", NULL, TRUE, FALSE},
        {"pgtest.example", "", "certificate verify failed", FALSE, FALSE},
        {"pgtest.example", "&sslmode=require", "certificate verify failed", FALSE, FALSE},
        {"other.example", "&sslmode=disable", "does not match host name", TRUE, FALSE},
        {"other.example", "&sslmode=verify-ca", "does not match host name", TRUE, FALSE},
        {"other.example", "&sslmode=verify-ca", NULL, TRUE, TRUE},
        {"other.example", "&sslmode=require", NULL, FALSE, TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *url = g_strdup_printf(
            "postgresql://quantbot:pencil77@%s/postgres?hostaddr=127.0.0.1&port=%u%s%s%s",
            cases[i].name, port, cases[i].mode, cases[i].trusted ? "&sslrootcert=" : "",
            cases[i].trusted ? certificate : "");
        g_setenv("QUANTBOT_DATABASE_TLS", cases[i].as_given ? "as-given" : "", TRUE);
        g_auto(answer) got = run(folder, url, "db init");
        g_unsetenv("QUANTBOT_DATABASE_TLS");
        g_assert_cmpint(got.code, ==, cases[i].said != NULL ? 8 : 0);
        if (cases[i].said == NULL)
            continue;
        if (strstr(got.errors, cases[i].said) == NULL)
            g_error("%s: %s", url, got.errors);
        g_assert_nonnull(strstr(got.errors, "QUANTBOT_DATABASE_TLS=as-given"));
        g_assert_null(strstr(got.errors, "pencil77"));
    }
}

int main(int argc, char **argv)
{
    const char *why = NULL;
    g_test_init(&argc, &argv, NULL);
    postgres = server_start(&why);
    if (postgres == NULL) {
        printf("1..0 # SKIP %s\n", why);
        return 0;
    }
#define ADD(name, function)                                                                \
    g_test_add("/runlog/command/" name, sample_folder, NULL, sample_folder_make, function, \
               sample_folder_remove)
    ADD("refuge", test_refuge);
    ADD("status", test_status);
    ADD("kept", test_kept);
    ADD("errors", test_errors);
    ADD("tls", test_tls);
    const int status = g_test_run();
    server_free(postgres);
    return status;
}
