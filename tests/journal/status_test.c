/* What db status says of journals and halts, through the program. */
#include "lab.h"

#include <string.h>

static lab_answer db_status(const lab *lab, const char *more)
{
    const char *const words[] = {"db", "status", more, NULL};
    return lab_program(lab, "", words);
}

static void assert_says(const lab_answer *self, const char *text)
{
    if (strstr(self->out, text) == NULL)
        g_error("%s\n%s(expected %s)", self->out, self->errors, text);
}

static void make_journal(const lab *lab, gint64 now_us)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_assert_true(lab_start(journal, &error) && lab_step(journal, 1, &error) &&
                  journal_commit(journal, now_us, &error));
}

static void test_nothing(lab *lab, gconstpointer unused)
{
    runlog_free(lab_log(lab));
    g_auto(lab_answer) text = db_status(lab, NULL);
    g_assert_cmpint(text.code, ==, 0);
    g_assert_null(strstr(text.out, "Journals"));
    g_assert_null(strstr(text.out, "Halt"));
    g_auto(lab_answer) json = db_status(lab, "--json");
    assert_says(&json, ",\"journals\":[],\"control_error\":null,\"halts\":[]}");
    g_assert_false(g_file_test(lab->paper, G_FILE_TEST_EXISTS)); /* looking makes nothing */
    g_assert_false(g_file_test(lab->control, G_FILE_TEST_EXISTS));
}

static void test_lag(lab *lab, gconstpointer unused)
{
    runlog_free(lab_log(lab));
    make_journal(lab, LAB_NOW_US);
    g_setenv("QUANTBOT_CLOCK_US", "1700000012500000", TRUE); /* 12.5 s later */
    g_auto(lab_answer) text = db_status(lab, NULL);
    assert_says(&text, LAB_RUN);
    assert_says(&text, "  equity 2023-11-14 22:13      5  12.5 s\n");
    g_auto(lab_answer) json = db_status(lab, "--json");
    assert_says(&json,
                "\"journals\":[{\"run\":\"" LAB_RUN "\",\"last_seq\":5,\"last_kind\":\"equity\","
                "\"last_at\":\"2023-11-14T22:13:21Z\",\"events_waiting\":5,\"behind_us\":12500000,"
                "\"error\":null}]");
    lab_carry(lab);
    g_auto(lab_answer) carried = db_status(lab, NULL);
    assert_says(&carried, "  equity 2023-11-14 22:13      0       -\n");
    g_unsetenv("QUANTBOT_CLOCK_US");
}

/* Also while the run log cannot be opened: what waits matters most then. */
static void test_no_log(lab *lab, gconstpointer unused)
{
    make_journal(lab, LAB_NOW_US);
    g_auto(lab_answer) text = db_status(lab, NULL);
    g_assert_cmpint(text.code, ==, FAILURE_MISSING);
    assert_says(&text, "  equity 2023-11-14 22:13      5  ");
}

static void test_halts(lab *lab, gconstpointer unused)
{
    static const control_request freeze = {.id = "press-1",
                                           .actor = "discord:1",
                                           .rights = CONTROL_MAY_HALT,
                                           .action = CONTROL_FREEZE,
                                           .args = "{\"reason\":\"CPI at 14:30\"}"};
    g_autoptr(GError) error = NULL;
    runlog_free(lab_log(lab));
    g_autoptr(control) control = lab_control(lab);
    g_autoptr(control_command) command = control_send(control, &freeze, LAB_NOW_US, &error);
    g_assert_no_error(error);
    g_assert_cmpint(command->state, ==, CONTROL_DONE);
    control_close(control, "a", CONTROL_CAUSE_LEDGER, "off by 1", LAB_NOW_US, &error);
    g_assert_no_error(error);
    g_auto(lab_answer) text = db_status(lab, NULL);
    assert_says(&text, "Halt      all runs frozen since 2023-11-14 22:13 by discord:1: "
                       "\"CPI at 14:30\"\n"
                       "          a halted since 2023-11-14 22:13 by quantbot: "
                       "\"broken ledger identity: off by 1\"\n");
    g_auto(lab_answer) json = db_status(lab, "--json");
    assert_says(&json, "\"halts\":[{\"run\":null,\"latch\":\"frozen\",");
    lab_sql(lab->control, "UPDATE latch SET closed = 0");
    g_auto(lab_answer) forged = db_status(lab, NULL);
    g_assert_cmpint(forged.code, ==, 0);
    assert_says(&forged, "Halt      every run is halted: ");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(lab *, gconstpointer);
    } tests[] = {
        {"/status/nothing", test_nothing},
        {"/status/lag", test_lag},
        {"/status/no-log", test_no_log},
        {"/status/halts", test_halts},
    };
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, lab, NULL, lab_open, tests[i].run, lab_close);
    return g_test_run();
}
