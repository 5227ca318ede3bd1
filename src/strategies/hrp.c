/* Hierarchical risk parity: weights by a tree of correlations, without inverting a matrix.
 *
 * Rule    when nothing is held, and at the first bar of each period, from the last `lookback`
 *         returns: (1) correlations; distance d = sqrt((1 - correlation) / 2), and between two
 *         instruments the Euclidean distance of their columns of d; (2) single linkage; (3) the
 *         order of the tree's leaves; (4) halves of that order share the weight by inverse variance,
 *         each half with inverse-variance weights inside, down to single instruments. invest x weight
 *         of equity in each, valued at the next price.
 * Source  Lopez de Prado, Building Diversified Portfolios that Outperform Out of Sample (2016), with
 *         his order of leaves and bisection by position.
 * Limits  256 instruments. One that lacks more than a tenth of the bars sits the period out; the
 *         others are compared where all have a bar. Long only; says nothing about returns. */
#include "strategies/strategies.h"

#include <math.h>
#include <string.h>

enum { LOOKBACK, INVEST, EVERY, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [LOOKBACK] = QB_INTEGER("lookback", 252, 3, 100000, 21, "Returns that the weights rest on"),
    [INVEST] = QB_NUMBER("invest", 0.99, 0.01, 1, 0.01, "Share of equity that is invested"),
    [EVERY] = QB_CHOICE("every", STRATEGIES_MONTHLY, strategies_periods, "Schedule"),
};

#define COUNT_MAX 256u

typedef struct edge {
    double length;
    uint32_t a, b;
} edge;

typedef struct hrp {
    uint32_t count;     /* of the universe */
    uint32_t *members;  /* [count]: instruments that take part, first `size` */
    uint32_t size;      /* of them */
    double *returns;    /* [count][lookback] */
    double *covariance; /* [count][count], as distances and everything below by member */
    double *distance;   /* [count][count] */
    double *weights;    /* [count] */
    edge *edges;        /* [count]: the minimum spanning tree */
    uint32_t *left, *right,
        *top;                 /* [2 count]: children of inner nodes; top: the root of each node */
    uint32_t *leaves, *stack; /* [2 count] */
    size_t lookback, rows;    /* returns asked for, and those that all members have */
    bool *common, *marks;     /* [lookback + 1] */
    double invest;
    int every;
    int64_t period, last_us;
} hrp;

static size_t warmup(const double *params)
{
    return (size_t)params[LOOKBACK] + 1;
}

static bool init_memory(const qb_setup *setup, hrp *self)
{
    const size_t count = self->count;
    self->members = setup->alloc(setup, count, sizeof *self->members);
    self->returns = setup->alloc(setup, count * self->lookback, sizeof *self->returns);
    self->covariance = setup->alloc(setup, count * count, sizeof *self->covariance);
    self->distance = setup->alloc(setup, count * count, sizeof *self->distance);
    self->weights = setup->alloc(setup, count, sizeof *self->weights);
    self->edges = setup->alloc(setup, count, sizeof *self->edges);
    self->common = setup->alloc(setup, self->lookback + 1, 2 * sizeof *self->common);
    uint32_t *nodes = setup->alloc(setup, 5 * 2 * count, sizeof *nodes);
    if (nodes == NULL || self->common == NULL)
        return false;
    self->marks = self->common + self->lookback + 1;
    self->left = nodes;
    self->right = nodes + 2 * count;
    self->top = nodes + 4 * count;
    self->leaves = nodes + 6 * count;
    self->stack = nodes + 8 * count;
    return self->members != NULL && self->returns != NULL && self->covariance != NULL &&
           self->distance != NULL && self->weights != NULL && self->edges != NULL;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    if (setup->instrument_count > COUNT_MAX)
        return QB_OUT_OF_RANGE;
    hrp *self = setup->alloc(setup, 1, sizeof *self);
    if (self == NULL)
        return QB_NO_MEMORY;
    *self = (hrp){
        .count = setup->instrument_count,
        .lookback = (size_t)setup->params[LOOKBACK],
        .invest = setup->params[INVEST],
        .every = (int)setup->params[EVERY],
        .period = STRATEGIES_NO_PERIOD,
        .last_us = INT64_MIN,
    };
    *out_state = self;
    return init_memory(setup, self) ? QB_OK : QB_NO_MEMORY;
}

/* ---- returns and their covariance ---------------------------------------------------------- */

/* The leader's last bars. */
typedef struct stamps {
    const int64_t *ts_us;
    size_t count;
} stamps;

static stamps stamps_of(const qb_history *leader, size_t count)
{
    return (stamps){.ts_us = leader->ts_us + leader->count - count, .count = count};
}

/* Marks[i] stays true where the history has stamp i; returns how many it has. */
static size_t match(const qb_history *history, stamps stamps, bool *marks)
{
    size_t row = history->count, found = 0;
    for (size_t i = stamps.count; i-- > 0;) {
        while (row > 0 && history->ts_us[row - 1] > stamps.ts_us[i])
            row--;
        const bool has = row > 0 && history->ts_us[row - 1] == stamps.ts_us[i];
        found += has;
        marks[i] = marks[i] && has;
    }
    return found;
}

/* Returns between the marked stamps, less their mean. False for a series that never moved: it has
 * no correlation. */
static bool fill_returns(const qb_history *history, stamps stamps, const bool *marks, double *out)
{
    size_t row = history->count, count = 0;
    double later = 0.0, sum = 0.0, squares = 0.0;
    for (size_t i = stamps.count; i-- > 0;) {
        if (!marks[i])
            continue;
        while (history->ts_us[row - 1] > stamps.ts_us[i])
            row--;
        const double close = history->close[row - 1];
        if (later > 0.0)
            sum += out[count++] = later / close - 1.0;
        later = close;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] -= sum / (double)count;
        squares += out[i] * out[i];
    }
    return squares > 0.0;
}

/* Those that have nearly all of the leader's stamps; the rows are those that all of them have. */
static void choose_members(hrp *self, const qb_context *context, uint32_t leader)
{
    const stamps stamps = stamps_of(&context->history[leader], self->lookback + 1);
    uint32_t chosen = 0;
    memset(self->common, true, stamps.count);
    for (uint32_t i = 0; i < self->count; i++) {
        memset(self->marks, true, stamps.count);
        if (match(&context->history[i], stamps, self->marks) < stamps.count - stamps.count / 10)
            continue;
        self->members[chosen++] = i;
        match(&context->history[i], stamps, self->common);
    }
    self->rows = 0;
    for (size_t i = 0; i < stamps.count; i++)
        self->rows += self->common[i];
    self->rows--; /* returns lie between them */
    self->size = 0;
    for (uint32_t i = 0; i < chosen && self->rows >= 2; i++) {
        const uint32_t member = self->members[i];
        if (fill_returns(&context->history[member], stamps, self->common,
                         self->returns + self->size * self->lookback))
            self->members[self->size++] = member;
    }
}

static void fill_covariance(hrp *self)
{
    const size_t n = self->size;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            const double *a = self->returns + i * self->lookback;
            const double *b = self->returns + k * self->lookback;
            double sum = 0.0;
            for (size_t row = 0; row < self->rows; row++)
                sum += a[row] * b[row];
            self->covariance[i * n + k] = self->covariance[k * n + i] = sum /
                                                                        (double)(self->rows - 1);
        }
}

static void fill_distance(hrp *self)
{
    const size_t n = self->size;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            const double both = sqrt(self->covariance[i * n + i] * self->covariance[k * n + k]);
            const double apart = 0.5 * (1.0 - self->covariance[i * n + k] / both);
            self->distance[i * n + k] = i != k && apart > 0.0 ? sqrt(apart) : 0.0;
        }
}

static double between(const hrp *self, size_t i, size_t k)
{
    const size_t n = self->size;
    double sum = 0.0;
    for (size_t row = 0; row < n; row++) {
        const double apart = self->distance[i * n + row] - self->distance[k * n + row];
        sum += apart * apart;
    }
    return sqrt(sum);
}

/* ---- the tree ------------------------------------------------------------------------------ */

/* Prim's minimum spanning tree: single linkage is its edges, shortest first. weights[] serves as
 * the distance of each node from the tree while it grows. */
static void span(hrp *self)
{
    const uint32_t n = self->size;
    uint32_t newest = 0;
    for (uint32_t i = 0; i < n; i++) {
        self->weights[i] = INFINITY;
        self->stack[i] = 0; /* the neighbour in the tree */
        self->top[i] = i == 0;
    }
    for (uint32_t found = 0; found + 1 < n; found++) {
        uint32_t nearest = 0;
        double least = INFINITY;
        for (uint32_t i = 0; i < n; i++) {
            if (self->top[i])
                continue;
            const double length = between(self, newest, i);
            if (length < self->weights[i]) {
                self->weights[i] = length;
                self->stack[i] = newest;
            }
            if (self->weights[i] < least || nearest == 0) {
                least = self->weights[i];
                nearest = i;
            }
        }
        self->edges[found] = (edge){.length = least, .a = self->stack[nearest], .b = nearest};
        self->top[nearest] = 1;
        newest = nearest;
    }
}

static void sort_edges(hrp *self)
{
    for (uint32_t i = 1; i + 1 < self->size; i++) {
        const edge moved = self->edges[i];
        uint32_t k = i;
        for (; k > 0 && moved.length < self->edges[k - 1].length; k--)
            self->edges[k] = self->edges[k - 1];
        self->edges[k] = moved;
    }
}

static uint32_t top_of(const hrp *self, uint32_t node)
{
    while (self->top[node] != node)
        node = self->top[node];
    return node;
}

/* Nodes below `size` are leaves; each edge makes the next node, the older child to the left. */
static void link_nodes(hrp *self)
{
    const uint32_t n = self->size;
    for (uint32_t i = 0; i < 2 * n; i++)
        self->top[i] = i;
    for (uint32_t i = 0; i + 1 < n; i++) {
        const uint32_t a = top_of(self, self->edges[i].a), b = top_of(self, self->edges[i].b);
        self->left[n + i] = a < b ? a : b;
        self->right[n + i] = a < b ? b : a;
        self->top[a] = self->top[b] = n + i;
    }
}

static void order_leaves(hrp *self)
{
    const uint32_t n = self->size;
    uint32_t depth = 0, found = 0;
    self->stack[depth++] = 2 * n - 2; /* the root; with one member its only leaf */
    while (depth > 0) {
        const uint32_t node = self->stack[--depth];
        if (node < n) {
            self->leaves[found++] = node;
            continue;
        }
        self->stack[depth++] = self->right[node];
        self->stack[depth++] = self->left[node];
    }
}

/* ---- weights ------------------------------------------------------------------------------- */

/* Variance of leaves[from .. to) held with inverse-variance weights. */
static double variance_of(const hrp *self, uint32_t from, uint32_t to)
{
    const size_t n = self->size;
    double total = 0.0, sum = 0.0;
    for (uint32_t i = from; i < to; i++)
        total += 1.0 / self->covariance[self->leaves[i] * n + self->leaves[i]];
    for (uint32_t i = from; i < to; i++)
        for (uint32_t k = from; k < to; k++) {
            const size_t a = self->leaves[i], b = self->leaves[k];
            sum += self->covariance[a * n + b] /
                   (self->covariance[a * n + a] * self->covariance[b * n + b]);
        }
    return sum / (total * total);
}

static void scale(hrp *self, uint32_t from, uint32_t to, double factor)
{
    for (uint32_t i = from; i < to; i++)
        self->weights[self->leaves[i]] *= factor;
}

/* Halves of leaves[from .. to) share its weight; the stack holds the ranges still to be split. */
static void bisect(hrp *self)
{
    uint32_t depth = 0;
    for (uint32_t i = 0; i < self->size; i++)
        self->weights[i] = 1.0;
    self->stack[depth++] = 0;
    self->stack[depth++] = self->size;
    while (depth > 0) {
        const uint32_t to = self->stack[--depth], from = self->stack[--depth];
        if (to - from < 2)
            continue;
        const uint32_t middle = from + (to - from) / 2;
        const double left = variance_of(self, from, middle), right = variance_of(self, middle, to);
        const double share = 1.0 - left / (left + right);
        scale(self, from, middle, share);
        scale(self, middle, to, 1.0 - share);
        const uint32_t ranges[] = {from, middle, middle, to};
        for (size_t i = 0; i < 4; i++)
            self->stack[depth++] = ranges[i];
    }
}

/* ---- the portfolio ------------------------------------------------------------------------- */

static void weigh(hrp *self, const qb_context *context, uint32_t leader)
{
    choose_members(self, context, leader);
    if (self->size == 0)
        return;
    fill_covariance(self);
    fill_distance(self);
    span(self);
    sort_edges(self);
    link_nodes(self);
    order_leaves(self);
    bisect(self);
}

static void rebalance(const hrp *self, const qb_context *context)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        const bool member = next < self->size && self->members[next] == i;
        const double weight = member ? self->invest * self->weights[next] : 0.0;
        next += member;
        if (weight > 0.0 || context->host->position(context, i) != 0.0)
            context->host->target(context, i, QB_BUY,
                                  (qb_size){QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, weight});
    }
}

static bool holds_any(const hrp *self, const qb_context *context)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (context->host->position(context, i) != 0.0)
            return true;
    return false;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    hrp *self = state;
    const qb_history *history = &context->history[instrument];
    if (!strategies_instant_begins(context, &self->last_us))
        return;
    const bool begins = strategies_period_begins(self->every, history->ts_us[history->count - 1],
                                                 &self->period);
    if (history->total <= self->lookback || (!begins && holds_any(self, context)))
        return;
    weigh(self, context, instrument);
    rebalance(self, context);
}

const qb_strategy strategies_hrp = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "hrp",
    .summary = "Hierarchical risk parity over a universe, set right on a schedule",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
};
