/* What the proofs of honesty came to, in words, as JSON and as rows. */
#include "commands/run-private.h"

#include <math.h>

static char *value_text(double value)
{
    return isnan(value) ? g_strdup("nothing") : g_strdup_printf("%.6g", value);
}

char *run_check_place(const run_plan *plan, const qb_finding *finding)
{
    char time[QB_TIME_TEXT];
    if (!finding->located)
        return NULL;
    g_autofree char *wanted = value_text(finding->wanted), *got = value_text(finding->got);
    const gboolean warm = finding->check == QB_CHECK_WARMUP;
    return g_strdup_printf("%s, %s: %s %s, %s %s", plan->symbols[finding->instrument],
                           qb_time_to_text(finding->at_us, time), wanted,
                           warm ? "with more bars before" : "in the run", got,
                           warm ? "with fewer" : "here");
}

char *run_check_text(const run_plan *plan, const qb_finding *finding)
{
    g_autofree char *place = run_check_place(plan, finding);
    switch (finding->verdict) {
    case QB_VERDICT_PASSED:
        return g_strdup_printf("passed: the run's beginning, made again %u times with fewer bars, "
                               "decides the same (quantbot strategy check proves more)",
                               finding->runs);
    case QB_VERDICT_FAILED:
        return g_strdup_printf("FAILED: %s (%s). The result cannot be believed; quantbot strategy "
                               "check tells more",
                               finding->why, place != NULL ? place : "no place");
    case QB_VERDICT_UNDECIDED:
        return g_strdup_printf("not made: %s (quantbot strategy check)", finding->why);
    }
    g_assert_not_reached();
}

static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *run_check_json(const run_plan *plan, const qb_finding *finding)
{
    char time[QB_TIME_TEXT];
    json_t *object = json_pack("{s:s, s:s, s:s?, s:i}", "check", qb_check_text(finding->check),
                               "verdict", qb_verdict_text(finding->verdict), "why", finding->why,
                               "runs", (int)finding->runs);
    if (!finding->located)
        return object;
    json_object_set_new(object, "symbol", json_string(plan->symbols[finding->instrument]));
    json_object_set_new(object, "known_at", json_string(qb_time_to_text(finding->at_us, time)));
    json_object_set_new(object, "in_run", number_json(finding->wanted));
    json_object_set_new(object, "in_check", number_json(finding->got));
    return object;
}

gboolean run_check_store(const run_plan *plan, const qb_finding *finding, gint64 end_us,
                         runlog_writer *writer, GError **error)
{
    g_autofree char *name = g_strdup_printf("check.%s", qb_check_text(finding->check));
    if (finding->verdict == QB_VERDICT_UNDECIDED)
        return TRUE;
    const gint64 ts_us = finding->located ? finding->at_us : end_us;
    if (finding->verdict == QB_VERDICT_FAILED) {
        g_autofree char *text = run_check_text(plan, finding);
        runlog_writer_log(writer, ts_us, "ERROR", text, NULL);
    }
    return runlog_writer_metric(writer, ts_us, name, finding->verdict == QB_VERDICT_PASSED, error);
}
