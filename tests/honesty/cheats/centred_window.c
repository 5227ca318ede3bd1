/* Smooths with a window that is centred on the bar: half of it lies in the future. */
#include "oracle.h"

#define HALF 5

CHEAT_WARMUP(1)
CHEAT_READS

static double smooth(const oracle *oracle, int row)
{
    double sum = 0.0;
    for (int i = row - HALF; i <= row + HALF; i++)
        sum += oracle->close[i];
    return sum / (2 * HALF + 1);
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const oracle *oracle = state;
    const qb_history *history = &context->history[instrument];
    int row = oracle_find(oracle, history->ts_us[history->count - 1]);
    if (row > HALF && row + HALF < oracle->count)
        context->host->signal(context, instrument, smooth(oracle, row) > smooth(oracle, row - 1));
}

CHEAT("centred_window", "A moving average that is centred on the bar");
