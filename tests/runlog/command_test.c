/* The program with DATABASE_URL: what it says, where runs go while the server is away, and how they
 * come to it later. */
#include "program.h"

#include <string.h>

static void test_refuge(home *self, gconstpointer unused)
{
    program_import(self);
    g_auto(answer) first = program_do(self, PROGRAM_BACKTEST);
    g_assert_cmpint(first.code, ==, 0);
    g_assert_cmpstr(first.errors, ==, "");
    server_stop(homes_server(), "fast");
    g_auto(answer) away = program_do(self, PROGRAM_BACKTEST);
    g_assert_cmpint(away.code, ==, 0);
    g_assert_nonnull(strstr(away.errors, "quantbot db sync"));
    g_assert_null(strstr(away.errors, "pencil77"));
    g_auto(answer) unread = program_do(self, "runs list");
    g_assert_cmpint(unread.code, ==, 8);
    g_auto(answer) unsent = program_do(self, "db sync");
    g_assert_cmpint(unsent.code, ==, 8);
    server_go_on(homes_server());
    g_auto(answer) sync = program_do(self, "db sync --json");
    g_assert_cmpint(sync.code, ==, 0);
    g_assert_nonnull(strstr(sync.out, "\"carried\":1,\"there_already\":0"));
    g_auto(answer) again = program_do(self, "db sync --json");
    g_assert_nonnull(strstr(again.out, "\"carried\":0,\"there_already\":1"));
    /* the same backtest twice: two runs, one state */
    g_autofree char *runs = home_ask(self, "SELECT count(*) FROM runs");
    g_autofree char *states = home_ask(self, "SELECT count(DISTINCT state_hash) FROM runs");
    g_autofree char *rows = home_ask(
        self,
        "SELECT count(*) FROM (SELECT count(*) AS n FROM equity_points GROUP BY run_id) AS runs"
        " GROUP BY n HAVING n > 1000");
    g_assert_cmpstr(runs, ==, "2");
    g_assert_cmpstr(states, ==, "1");
    g_assert_cmpstr(rows, ==, "2");
    g_auto(answer) reproduced = program_do(self, "runs reproduce last");
    g_assert_cmpint(reproduced.code, ==, 0);
}

static void test_status(home *self, gconstpointer unused)
{
    const gboolean server = self->store == RUNLOG_POSTGRES;
    g_auto(answer) before = program_do(self, "db status");
    g_assert_cmpint(before.code, ==, server ? 8 : 5);
    g_assert_nonnull(strstr(before.errors, server ? "quantbot db init makes the run log"
                                                  : "quantbot db init makes it"));
    g_auto(answer) init = program_do(self, "db init --json");
    g_assert_cmpint(init.code, ==, 0);
    g_assert_nonnull(strstr(init.out, server ? "\"kind\":\"postgresql\"" : "\"kind\":\"sqlite\""));
    g_assert_nonnull(strstr(init.out, "\"result\":\"made\""));
    g_auto(answer) status = program_do(self, "db status --json");
    g_assert_cmpint(status.code, ==, 0);
    g_assert_nonnull(strstr(status.out, home_address(self)));
    g_assert_null(strstr(status.out, "pencil77"));
    g_auto(answer) check = program_do(self, "env check");
    g_assert_cmpint(check.code, ==, 0);
    g_assert_true(
        g_str_has_suffix(check.out, server ? "\nDB OK (postgresql)\n" : "\nDB OK (sqlite)\n"));
}

/* Every command that reads shows what is in the log that is configured. */
static void test_readers(home *self, gconstpointer unused)
{
    static const struct {
        const char *words, *shows;
    } cases[] = {
        {"runs list", "AAPL"},
        {"runs show last --trades 5", "AAPL"},
        {"runs compare last last", ""},
        {"runs export last --what equity,trades --output out", ""},
        {"explain --run last --symbol AAPL --time 2017-06-05", "AAPL"},
        {"db dump-kpis --csv", "sharpe"},
        {"db status", "equity_points"},
    };
    program_import(self);
    g_auto(answer) logged = program_do(self, PROGRAM_BACKTEST);
    g_assert_cmpint(logged.code, ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(answer) got = program_do(self, cases[i].words);
        if (got.code != 0 || strstr(got.out, cases[i].shows) == NULL)
            g_error("%s: %d: %s%s", cases[i].words, got.code, got.out, got.errors);
    }
}

/* What is thinned, copied and put back. */
static void test_kept(home *self, gconstpointer unused)
{
    g_autofree char *copy = g_build_filename(self->folder.folder, "copy.db", NULL);
    g_autofree char *backup = g_strconcat("db backup --json ", copy, NULL);
    g_autofree char *restore = g_strconcat("db restore --json ", copy, NULL);
    program_import(self);
    g_auto(answer) logged = program_do(self, PROGRAM_BACKTEST);
    g_assert_cmpint(logged.code, ==, 0);
    g_auto(answer) migrated = program_do(self, "db migrate");
    g_assert_cmpstr(migrated.out, ==, "Nothing to do: the schema is of version 5.\n");
    g_auto(answer) deep = program_do(self, "db status --deep --json");
    g_assert_cmpint(deep.code, ==, 0);
    g_assert_cmpint(strstr(deep.out, "\"sound\":true") != NULL, ==, self->store == RUNLOG_SQLITE);
    g_auto(answer) copied = program_do(self, backup);
    g_assert_cmpstr(copied.errors, ==, "");
    g_assert_nonnull(strstr(copied.out, "\"runs\":1"));
    g_auto(answer) twice = program_do(self, backup);
    g_assert_cmpint(twice.code, ==, 2);
    g_assert_cmpint(sample_count(copy, "SELECT count(*) FROM equity_points"), >, 1000);
    g_auto(answer) purged = program_do(self, "db purge-sim --yes");
    g_assert_cmpint(purged.code, ==, 0);
    g_auto(answer) restored = program_do(self, restore);
    g_assert_cmpstr(restored.out, ==, "{\"restored\":1,\"there_already\":0}\n");
    g_auto(answer) known = program_do(self, restore);
    g_assert_cmpstr(known.out, ==, "{\"restored\":0,\"there_already\":1}\n");
    g_auto(answer) young = program_do(self, "db prune --decisions 1 --equity 1 --json");
    g_assert_cmpstr(young.out, ==, "{\"deleted\":false,\"decisions\":0,\"equity_points\":0}\n");
    /* A standing rule, and one that was given, which wins over it. */
    g_setenv("QUANTBOT_KEEP_DECISIONS_DAYS", "1", TRUE);
    g_auto(answer) standing = program_do(self, "db prune --json");
    g_assert_cmpstr(standing.out, ==, "{\"deleted\":false,\"decisions\":0}\n");
    g_auto(answer) asked = program_do(self, "db prune --decisions 0 --json");
    g_unsetenv("QUANTBOT_KEEP_DECISIONS_DAYS");
    g_auto(answer) pruned = program_do(self, "db prune --decisions 0 --json --yes");
    g_assert_cmpint(pruned.code, ==, 0);
    g_assert_null(strstr(asked.out, "\"decisions\":0"));
    g_assert_cmpstr(strstr(asked.out, "\"decisions\""), ==, strstr(pruned.out, "\"decisions\""));
    g_auto(answer) nothing = program_do(self, "db prune");
    g_assert_cmpint(nothing.code, ==, 2);
    g_auto(answer) reproduced = program_do(self, "runs reproduce last");
    g_assert_cmpint(reproduced.code, ==, 0);
}

static void test_errors(home *self, gconstpointer unused)
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
        g_autofree char *url = g_strdup_printf(
            "postgresql://%.*s%s", (int)(place - cases[i].rest), cases[i].rest,
            strstr(cases[i].rest, "port=1") != NULL ? "" : server_folder(homes_server()));
        g_auto(answer) got = program_run(self, url, "db init");
        g_assert_cmpint(got.code, ==, cases[i].code);
        if (strstr(got.errors, cases[i].said) == NULL)
            g_error("%s: %s", url, got.errors);
        g_assert_null(strstr(got.errors, "pencil77"));
    }
    g_auto(answer) pooled = program_run(self,
                                        "postgresql://u:pencil77@ep-a-1-pooler.eu.aws.neon.tech/d"
                                        "?hostaddr=127.0.0.1&port=1",
                                        "db init");
    g_assert_nonnull(strstr(pooled.errors, "the same name without \"-pooler\""));
    g_assert_null(strstr(pooled.errors, "pencil77"));
    g_auto(answer) nothing = program_run(self, "", "db sync");
    g_assert_cmpint(nothing.code, ==, 2);
}

/* A server elsewhere must prove its name, whatever sslmode says. Last: the server changes. */
static void test_tls(home *self, gconstpointer unused)
{
    guint16 port = 0;
    g_autofree char *certificate = NULL;
    if (!server_use_tls(homes_server(), &port, &certificate)) {
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
        g_auto(answer) got = program_run(self, url, "db init");
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
    g_test_init(&argc, &argv, NULL);
    homes_add_to(RUNLOG_POSTGRES, "command/refuge", test_refuge, NULL);
    homes_add("command/status", test_status, NULL);
    homes_add("command/readers", test_readers, NULL);
    homes_add("command/kept", test_kept, NULL);
    homes_add_to(RUNLOG_POSTGRES, "command/errors", test_errors, NULL);
    homes_add_to(RUNLOG_POSTGRES, "command/tls", test_tls, NULL);
    return homes_run();
}
