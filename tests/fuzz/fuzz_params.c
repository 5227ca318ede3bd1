/* What a person types about a run: one text a line, tried as parameters of each built-in
 * strategy, and the first line as a size and a fill time. What is accepted must be within the
 * table's range and must read back equal from its own text. */
#include "strategies/strategies.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_LIMIT 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t split_lines(char *text, const char **out_lines)
{
    size_t count = 0;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line != NULL && count < LINES_LIMIT;
         line = strtok_r(NULL, "\n", &save))
        out_lines[count++] = line;
    return count;
}

static void check_round_trip(const qb_strategy *strategy, const double *params)
{
    double *again = calloc(strategy->param_count + 1, sizeof *again);
    for (size_t i = 0; i < strategy->param_count; i++) {
        const qb_param *param = &strategy->params[i];
        char value[64], text[128];
        const char *texts[] = {text}, *why = NULL;
        size_t bad = 0;
        assert(params[i] >= param->minimum && params[i] <= param->maximum);
        qb_param_to_text(param, params[i], value, sizeof value);
        snprintf(text, sizeof text, "%s=%s", param->name, value);
        /* One parameter alone may clash with the others' defaults: `check` says so. */
        if (qb_params_from_text(strategy, texts, 1, again, &bad, &why) == QB_OK)
            assert(again[i] == params[i]);
        else
            assert(bad == 1 && why != NULL);
    }
    free(again);
}

static void try_strategy(const qb_strategy *strategy, const char *const *lines, size_t count)
{
    double *params = calloc(strategy->param_count + 1, sizeof *params);
    size_t bad = 0;
    const char *why = NULL;
    if (qb_params_from_text(strategy, lines, count, params, &bad, &why) == QB_OK)
        check_round_trip(strategy, params);
    else
        assert(bad <= count && why != NULL);
    free(params);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *lines[LINES_LIMIT];
    char *text = malloc(size + 1);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    size_t count = split_lines(text, lines);
    for (const qb_strategy *const *strategy = strategies_builtin; *strategy != NULL; strategy++)
        try_strategy(*strategy, lines, count);
    if (count > 0) {
        qb_size qty;
        qb_fill_at fill_at, again;
        if (qb_size_from_text(lines[0], QB_SIZE_AT_FILL, &qty) == QB_OK)
            assert(qty.amount >= 0 && qty.amount < 1e12);
        /* Words may be written in any case; what they come to is the same word. */
        if (qb_fill_at_from_text(lines[0], &fill_at) == QB_OK)
            assert(qb_fill_at_from_text(qb_fill_at_text(fill_at), &again) == QB_OK &&
                   again == fill_at);
    }
    free(text);
    return 0;
}
