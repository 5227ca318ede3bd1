/* Live, with TA-Lib itself: QUANTBOT_PYTHON names a Python that has it. talib_judge.py runs the
 * program over the bundled bars and compares 42 columns from the first bar on which each is defined
 * (MACD once its other start has decayed). */
#include <glib.h>

#define NOT_THERE 77

static void test_talib(void)
{
    const char *python = g_getenv("QUANTBOT_PYTHON"), *source = g_getenv("QUANTBOT_SOURCE");
    const char *program = g_getenv("QUANTBOT_BINARY");
    if (python == NULL || source == NULL || program == NULL) {
        g_test_skip("QUANTBOT_PYTHON is not set to a Python with TA-Lib");
        return;
    }
    g_autofree char *judge = g_test_build_filename(G_TEST_DIST, "indicators", "talib_judge.py",
                                                   NULL);
    g_autofree char *bars = g_build_filename(source, "samples", "AAPL-2013-2018.csv", NULL);
    g_autofree char *out = NULL, *err = NULL;
    g_autoptr(GError) error = NULL;
    const char *words[] = {python, judge, program, bars, NULL};
    int status = 0;
    g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &err, &status,
                 &error);
    g_assert_no_error(error);
    g_test_message("%s%s", out, err);
    if (g_spawn_check_wait_status(status, &error))
        return;
    if (g_error_matches(error, G_SPAWN_EXIT_ERROR, NOT_THERE))
        g_test_skip("QUANTBOT_PYTHON has no TA-Lib");
    else
        g_test_fail();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/indicators/talib", test_talib);
    return g_test_run();
}
