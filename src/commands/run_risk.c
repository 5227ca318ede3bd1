/* The words of risk: --risk standard, --risk NAME=VALUE, --risk off, --blackouts FILE, and the
 * group [risk] of a run file.
 *
 * A flag goes over the file; "standard" is laid under all values, wherever it stands; a flag "off"
 * forgets the file's. */
#include "commands/run-private.h"

#include <math.h>
#include <string.h>

static gboolean is_word(const char *text)
{
    return strcmp(text, "standard") == 0 || strcmp(text, "off") == 0;
}

static gsize name_length(const char *text)
{
    return strcspn(text, "=");
}

static int find_risk(const run_texts *texts, const char *text)
{
    const gsize length = name_length(text);
    for (guint i = 0; i < texts->risks->len; i++) {
        const char *other = g_ptr_array_index(texts->risks, i);
        if (name_length(other) == length && strncmp(other, text, length) == 0)
            return (int)i;
    }
    return -1;
}

/* Where its text came from is kept beside those of other flags, under a name of its own. */
static char *place_key(const char *text)
{
    return g_strdup_printf("--risk %.*s", (int)name_length(text), text);
}

void run_texts_set_risk(run_texts *self, const char *text, const char *place)
{
    const int at = find_risk(self, text);
    if (at >= 0)
        g_ptr_array_remove_index(self->risks, (guint)at);
    g_ptr_array_add(self->risks, g_strdup(text));
    g_hash_table_insert(self->places, place_key(text), g_strdup(place));
}

void run_texts_copy_risk(run_texts *self, const run_texts *from)
{
    for (guint i = 0; i < from->risks->len; i++) {
        const char *text = g_ptr_array_index(from->risks, i);
        g_autofree char *key = place_key(text);
        run_texts_set_risk(self, text, g_hash_table_lookup(from->places, key));
    }
    self->blackouts = json_incref(from->blackouts);
}

/* ---- the run file --------------------------------------------------------------------------- */

static gboolean is_run_key(const char *name)
{
    for (const run_key *key = run_keys; key->name != NULL; key++)
        if (strcmp(key->group, "risk") == 0 && strcmp(key->name, name) == 0)
            return TRUE;
    return FALSE;
}

void run_texts_read_risk(run_texts *self, run_file *file)
{
    g_auto(GStrv) keys = run_file_keys(file, "risk");
    const gboolean forgotten = find_risk(self, "off") >= 0;
    for (char **key = keys; key != NULL && *key != NULL && !forgotten; key++) {
        g_autofree char *name = g_strdelimit(g_strdup(*key), "_", '-');
        if (is_run_key(name))
            continue;
        const char *value = run_file_get(file, "risk", *key);
        g_autofree char *text = strcmp(name, "rules") == 0 && is_word(value)
                                    ? g_strdup(value)
                                    : g_strdup_printf("%s=%s", name, value);
        g_autofree char *place = run_file_place(file, "risk", *key);
        if (find_risk(self, text) < 0)
            run_texts_set_risk(self, text, place);
    }
}

/* ---- the plan ------------------------------------------------------------------------------- */

static void add_problem(failures *problems, const run_texts *texts, const char *text,
                        const char *why, qb_status status)
{
    g_autofree char *quoted = failure_quote(text, -1), *key = place_key(text);
    const char *place = g_hash_table_lookup(texts->places, key);
    failures_add(problems, "%s: %s: %s%s", place != NULL ? place : "--risk", quoted, why,
                 status == QB_NOT_FOUND ? " (quantbot risk list shows them, or standard, or off)"
                                        : " (quantbot risk list shows the ranges)");
}

static void set_blackout(run_risk *risk)
{
    const qb_risk_key *key = qb_risk_key_of(QB_RISK_BLACKOUT);
    double *value = &risk->config.values[key - qb_risk_keys];
    if (isnan(*value))
        *value = key->standard;
}

void run_risk_read(failures *problems, const run_texts *texts, run_risk *risk)
{
    risk->windows = g_array_new(FALSE, FALSE, sizeof(qb_blackout));
    risk->words = g_string_chunk_new(256);
    if (find_risk(texts, "standard") >= 0)
        qb_risk_config_standard(&risk->config);
    else
        qb_risk_config_off(&risk->config);
    if (run_texts_get(texts, "blackouts") != NULL)
        set_blackout(risk);
    for (guint i = 0; i < texts->risks->len; i++) {
        const char *text = g_ptr_array_index(texts->risks, i), *why = NULL;
        const qb_status status = is_word(text) ? QB_OK
                                               : qb_risk_config_set(&risk->config, text, &why);
        if (status != QB_OK)
            add_problem(problems, texts, text, why, status);
    }
    risk->on = !qb_risk_config_is_off(&risk->config);
}

gboolean run_risk_blackouts(const run_texts *texts, run_plan *plan, GError **error)
{
    run_risk *risk = &plan->risk;
    const char *path = run_texts_get(texts, "blackouts");
    if (texts->blackouts != NULL ? !run_blackouts_from_json(texts->blackouts, plan, risk, error)
                                 : path != NULL && !run_blackouts_read(path, plan, risk, error))
        return FALSE;
    risk->config.blackouts = (const qb_blackout *)risk->windows->data;
    risk->config.blackout_count = risk->windows->len;
    return TRUE;
}

gboolean run_risk_limits(const run_risk *self, qb_risk_rule rule)
{
    return self->on && !isnan(self->config.values[qb_risk_key_of(rule) - qb_risk_keys]);
}

void run_risk_clear(run_risk *self)
{
    g_clear_pointer(&self->windows, g_array_unref);
    g_clear_pointer(&self->words, g_string_chunk_free);
}

void run_risk_forget(run_plan *plan)
{
    plan->risk = (run_risk){.on = FALSE};
    g_ptr_array_set_size(plan->texts->risks, 0);
    g_clear_pointer(&plan->texts->blackouts, json_decref);
    g_hash_table_remove(plan->texts->values, "blackouts");
}

/* ---- as the run's row keeps it --------------------------------------------------------------- */

/* What is on, and settings that are not as the table has them; exact, to be read again. */
json_t *run_risk_to_json(const run_plan *plan)
{
    json_t *all = json_object();
    for (gsize i = 0; qb_risk_keys[i].name != NULL; i++) {
        const qb_risk_key *key = &qb_risk_keys[i];
        const double value = plan->risk.config.values[i];
        char text[QB_RAW_TEXT];
        int64_t raw;
        if ((key->is_limit ? !isnan(value) : value != key->standard) &&
            qb_raw_from_double(value, &raw) == QB_OK)
            json_object_set_new(all, key->name, json_string(qb_raw_to_text(raw, text)));
    }
    return all;
}

void run_texts_risk_from_json(run_texts *self, json_t *root)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(root, "risk"), name, value)
    {
        g_autofree char *text = g_strdup_printf("%s=%s", name, json_string_value(value));
        run_texts_set_risk(self, text, "runs.params");
    }
    if (json_is_array(json_object_get(root, "blackouts")))
        self->blackouts = json_incref(json_object_get(root, "blackouts"));
}
