/* The closed list of commands: who may send each, and what arguments it has. */
#include "control/control-private.h"

#include <jansson.h>
#include <string.h>

const action_row action_rows[CONTROL_ACTIONS] = {
    [CONTROL_HALT] = {"halt", CONTROL_MAY_HALT | CONTROL_MAY_CHANGE, TRUE, FALSE, "reason", FALSE},
    [CONTROL_FREEZE] = {"freeze", CONTROL_MAY_HALT | CONTROL_MAY_CHANGE, TRUE, FALSE, "reason",
                        FALSE},
    [CONTROL_FLATTEN] = {"flatten", CONTROL_MAY_CHANGE, TRUE, TRUE, "reason", FALSE},
    [CONTROL_RESUME] = {"resume", CONTROL_MAY_CHANGE, TRUE, TRUE, "reason", FALSE},
    [CONTROL_STOP] = {"stop", CONTROL_MAY_CHANGE, FALSE, TRUE, "reason", FALSE},
    [CONTROL_CHECKPOINT] = {"checkpoint", CONTROL_MAY_CHANGE, FALSE, TRUE, "reason", FALSE},
    [CONTROL_NOTE] = {"note", CONTROL_MAY_CHANGE, FALSE, TRUE, "text", TRUE},
};

const char *control_action_text(control_action action)
{
    return action_rows[action].name;
}

gboolean control_action_from_text(const char *text, control_action *out)
{
    for (int i = 0; i < CONTROL_ACTIONS; i++)
        if (g_str_equal(action_rows[i].name, text)) {
            *out = (control_action)i;
            return TRUE;
        }
    return FALSE;
}

const char *control_action_list(void)
{
    return "halt, freeze, flatten, resume, stop, checkpoint, note";
}

const char *control_state_text(control_state state)
{
    static const char *const texts[] = {"queued", "claimed", "done", "refused", "expired"};
    return texts[state];
}

gboolean control_state_from_text(const char *text, control_state *out)
{
    for (int i = CONTROL_QUEUED; i <= CONTROL_EXPIRED; i++)
        if (g_strcmp0(control_state_text((control_state)i), text) == 0) {
            *out = (control_state)i;
            return TRUE;
        }
    return FALSE;
}

const char *control_state_list(void)
{
    return "queued, claimed, done, refused, expired";
}

/* ---- fields --------------------------------------------------------------------------------- */

static gboolean refuse(GError **error, const char *field, const char *value, const char *expected)
{
    g_autofree char *quoted = failure_quote(value, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "command: %s: %s (expected %s)", field, quoted,
                expected);
    return FALSE;
}

static gboolean made_of(const char *text, const char *marks, gsize limit)
{
    const gsize length = strlen(text);
    if (length == 0 || length > limit)
        return FALSE;
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isalnum(text[i]) && strchr(marks, text[i]) == NULL)
            return FALSE;
    return TRUE;
}

gboolean control_run_valid(const char *run)
{
    return run[0] != '.' && made_of(run, "._-", CONTROL_RUN_LIMIT);
}

/* GLib takes the separators of lines and paragraphs (U+2028, U+2029) for printable. */
static gboolean can_be_shown(gunichar c)
{
    const GUnicodeType type = g_unichar_type(c);
    return g_unichar_isprint(c) && type != G_UNICODE_LINE_SEPARATOR &&
           type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* One line of characters that can be shown. */
static gboolean is_line(const char *text, glong limit)
{
    if (!g_utf8_validate(text, -1, NULL) || g_utf8_strlen(text, -1) > limit)
        return FALSE;
    for (; *text != '\0'; text = g_utf8_next_char(text))
        if (!can_be_shown(g_utf8_get_char(text)))
            return FALSE;
    return TRUE;
}

/* ---- arguments ------------------------------------------------------------------------------ */

static gboolean check_text(const action_row *action, const json_t *value, char **out_text,
                           GError **error)
{
    const char *text = json_string_value(value);
    if (text == NULL || text[0] == '\0' || json_string_length(value) != strlen(text) ||
        !is_line(text, CONTROL_TEXT_LIMIT))
        return refuse(error, action->text, text != NULL ? text : "",
                      "one line of 1 to " G_STRINGIFY(CONTROL_TEXT_LIMIT) " characters");
    *out_text = g_strdup(text);
    return TRUE;
}

static gboolean check_object(const action_row *action, json_t *root, char **out_text,
                             GError **error)
{
    const char *key = NULL;
    json_t *value = NULL;
    g_autofree char *text = NULL;
    if (!json_is_object(root))
        return refuse(error, "arguments", "", "a JSON object");
    json_object_foreach(root, key, value)
    {
        if (!g_str_equal(key, action->text))
            return refuse(error, "arguments", key, action->text);
        if (!check_text(action, value, &text, error))
            return FALSE;
    }
    if (text == NULL && action->text_needed)
        return refuse(error, action->text, "", "a text");
    *out_text = g_steal_pointer(&text);
    return TRUE;
}

static gboolean check_arguments(const action_row *action, const char *args, char **out_text,
                                GError **error)
{
    json_error_t problem;
    const char *text = args != NULL ? args : "{}";
    if (strlen(text) > CONTROL_ARGS_LIMIT)
        return refuse(error, "arguments", "", "at most " G_STRINGIFY(CONTROL_ARGS_LIMIT) " bytes");
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL)
        return refuse(error, "arguments", text, "a JSON object");
    const gboolean ok = check_object(action, root, out_text, error);
    json_decref(root);
    return ok;
}

gboolean action_check(const control_request *request, char **out_reason, GError **error)
{
    if ((guint)request->action >= CONTROL_ACTIONS)
        return refuse(error, "action", "", control_action_list());
    const action_row *action = &action_rows[request->action];
    if (request->id != NULL && !made_of(request->id, "._-:", CONTROL_ID_LIMIT))
        return refuse(error, "id", request->id, "1 to 64 of A-Z a-z 0-9 . _ - :");
    if (request->actor == NULL || request->actor[0] == '\0' ||
        !is_line(request->actor, CONTROL_ACTOR_LIMIT))
        return refuse(error, "actor", request->actor != NULL ? request->actor : "",
                      "1 to 64 characters");
    if (request->run != NULL && !control_run_valid(request->run))
        return refuse(error, "run", request->run, "1 to 64 of A-Z a-z 0-9 . _ -");
    if (request->run == NULL && !action->latch)
        return refuse(error, "run", "", "the id of one run");
    return check_arguments(action, request->args, out_reason, error);
}
