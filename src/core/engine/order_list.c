#include "core/engine/order_list.h"

typedef struct list_run {
    const qb_order_list *list;
    uint32_t *queue; /* [count]: indices, instrument by instrument, each in the list's order */
    uint32_t *next;  /* [instrument_count + 1]: where each one's queue goes on */
    uint32_t *end;   /* [instrument_count] */
    uint64_t *ids;   /* [count]: what the engine called them; 0: not submitted */
} list_run;

static size_t list_warmup(const double *params)
{
    return 1;
}

/* Counting sort by instrument, which keeps the order of the list. */
static void fill_queues(list_run *run, uint32_t instrument_count)
{
    const qb_order_list *list = run->list;
    for (uint32_t i = 0; i < list->count; i++)
        run->end[list->orders[i].request.instrument]++;
    for (uint32_t i = 0, from = 0; i < instrument_count; i++) {
        run->next[i] = from;
        from += run->end[i];
        run->end[i] = run->next[i];
    }
    for (uint32_t i = 0; i < list->count; i++)
        run->queue[run->end[list->orders[i].request.instrument]++] = i;
}

static qb_status list_init(const qb_setup *setup, void **out_state)
{
    const qb_order_list *list = (const qb_order_list *)setup->strategy; /* its first member */
    const size_t instruments = setup->instrument_count, count = list->count > 0 ? list->count : 1;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->orders[i].request.instrument >= instruments)
            return QB_OUT_OF_RANGE;
    list_run *run = setup->alloc(setup, 1, sizeof *run);
    if (run == NULL)
        return QB_NO_MEMORY;
    *run = (list_run){
        .list = list,
        .queue = setup->alloc(setup, count, sizeof *run->queue),
        .next = setup->alloc(setup, instruments, sizeof *run->next),
        .end = setup->alloc(setup, instruments, sizeof *run->end),
        .ids = setup->alloc(setup, count, sizeof *run->ids),
    };
    if (run->queue == NULL || run->next == NULL || run->end == NULL || run->ids == NULL)
        return QB_NO_MEMORY;
    fill_queues(run, setup->instrument_count);
    *out_state = run;
    return QB_OK;
}

static void list_on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    list_run *run = state;
    while (run->next[instrument] < run->end[instrument]) {
        const uint32_t index = run->queue[run->next[instrument]];
        const qb_listed_order *order = &run->list->orders[index];
        if (order->after_us > context->now_us)
            return;
        run->next[instrument]++;
        if (order->cancels != QB_LISTED_NONE)
            context->host->cancel(context, run->ids[order->cancels]);
        else
            run->ids[index] = context->host->submit(context, &order->request);
    }
}

qb_status qb_order_list_init(qb_order_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const uint32_t cancels = list->orders[i].cancels;
        if (cancels == QB_LISTED_NONE)
            continue;
        if (cancels >= i || list->orders[cancels].cancels != QB_LISTED_NONE ||
            list->orders[cancels].request.instrument != list->orders[i].request.instrument)
            return QB_OUT_OF_RANGE;
    }
    list->strategy = (qb_strategy){
        .abi_version = QB_STRATEGY_ABI,
        .struct_size = sizeof(qb_strategy),
        .name = "orders",
        .summary = "A list of orders",
        .warmup = list_warmup,
        .init = list_init,
        .on_bar = list_on_bar,
    };
    return QB_OK;
}
