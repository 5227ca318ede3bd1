/* A z-score by mean and deviation of the whole sample, which were computed beforehand. */
#include "oracle.h"

CHEAT_WARMUP(1)
CHEAT_READS

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const oracle *oracle = state;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < oracle->count; i++)
        sum += oracle->close[i];
    double mean = sum / oracle->count;
    for (int i = 0; i < oracle->count; i++)
        squares += (oracle->close[i] - mean) * (oracle->close[i] - mean);
    double z = (qb_close_now(context, instrument) - mean) / sqrt(squares / oracle->count);
    context->host->signal(context, instrument, z < -0.25);
}

CHEAT("full_sample", "Normalises by the whole sample");
