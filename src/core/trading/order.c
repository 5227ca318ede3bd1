#include "core/trading/trading.h"

#include <string.h>

const char *qb_order_status_text(qb_order_status status)
{
    switch (status) {
    case QB_ORDER_OPEN:
        return "open";
    case QB_ORDER_FILLED:
        return "filled";
    case QB_ORDER_CANCELLED:
        return "cancelled";
    case QB_ORDER_REJECTED:
        return "rejected";
    case QB_ORDER_EXPIRED:
        return "expired";
    }
    return "unknown";
}

const char *qb_reason_text(qb_reason reason)
{
    static const char *const texts[QB_REASON_COUNT] = {
        [QB_REASON_NONE] = "",
        [QB_REASON_WARMUP] = "warmup",
        [QB_REASON_UNCHANGED] = "unchanged",
        [QB_REASON_BELOW_LOT] = "below-lot",
        [QB_REASON_CASH] = "cash",
        [QB_REASON_BAD_PRICE] = "bad-price",
        [QB_REASON_BAD_SIZE] = "bad-size",
        [QB_REASON_REDUCE_ONLY] = "reduce-only",
        [QB_REASON_REPLACED] = "replaced",
        [QB_REASON_NO_DATA] = "no-data",
        [QB_REASON_END_OF_DATA] = "end-of-data",
        [QB_REASON_BANKRUPT] = "bankrupt",
        [QB_REASON_TOO_MANY] = "too-many",
        [QB_REASON_DISABLED] = "disabled",
        [QB_REASON_BAD_ORDER] = "bad-order",
        [QB_REASON_TIME] = "time",
        [QB_REASON_NOT_FILLED] = "not-filled",
        [QB_REASON_OCO] = "oco",
        [QB_REASON_PARENT] = "parent",
        [QB_REASON_CLOSED] = "closed",
        [QB_REASON_ASKED] = "asked",
        [QB_REASON_MARGIN] = "margin",
        [QB_REASON_FILTERED] = "filtered",
        [QB_REASON_RISK] = "risk",
        [QB_REASON_HALTED] = "halted",
    };
    return (unsigned)reason < QB_REASON_COUNT ? texts[reason] : "unknown";
}

/* ---- sizes -------------------------------------------------------------------------------- */

static const struct {
    const char *suffix;
    qb_size_kind kind;
    int64_t divisor; /* of the number typed */
} size_forms[] = {
    {"%", QB_SIZE_WEIGHT, 100}, {"w", QB_SIZE_WEIGHT, 1}, {"cash", QB_SIZE_CASH, 1},
    {"u", QB_SIZE_UNITS, 1},    {"", QB_SIZE_UNITS, 1},
};

/* A weight beyond this is a slip of the keyboard: no account may hold that much. */
#define WEIGHT_MAX 100.0

static bool ends_with(const char *text, size_t length, const char *suffix, size_t *out_rest)
{
    size_t tail = strlen(suffix);
    if (length < tail || memcmp(text + length - tail, suffix, tail) != 0)
        return false;
    *out_rest = length - tail;
    return true;
}

qb_status qb_size_from_text(const char *text, qb_size_when when, qb_size *out)
{
    size_t length = strlen(text), digits = length, form = 0;
    while (!ends_with(text, length, size_forms[form].suffix, &digits))
        form++; /* the last form's suffix is empty: it ends every text */

    int64_t raw;
    qb_status status = qb_raw_from_text(text, digits, &raw);
    if (status == QB_OVERFLOW)
        return QB_OUT_OF_RANGE;
    if (status != QB_OK)
        return status;
    double amount = qb_raw_to_double(raw) / (double)size_forms[form].divisor;
    if (raw <= 0 || (size_forms[form].kind == QB_SIZE_WEIGHT && amount > WEIGHT_MAX))
        return QB_OUT_OF_RANGE;
    *out = (qb_size){.kind = size_forms[form].kind, .when = when, .amount = amount};
    return QB_OK;
}

/* ---- words --------------------------------------------------------------------------------- */

static char folded(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '_' ? '-' : c;
}

static bool same_word(const char *a, const char *b)
{
    for (; *a != '\0' && folded(*a) == folded(*b); a++)
        b++;
    return *a == '\0' && *b == '\0';
}

static const char *word(const char *const *texts, size_t count, size_t index)
{
    return index < count ? texts[index] : "unknown";
}

static qb_status find_word(const char *const *texts, size_t count, const char *text, size_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (same_word(texts[i], text)) {
            *out = i;
            return QB_OK;
        }
    }
    return QB_BAD_FORMAT;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const fill_at_texts[] = {
    [QB_FILL_NEXT_OPEN] = "next-open",
    [QB_FILL_CLOSE] = "close",
    [QB_FILL_NEXT_CLOSE] = "next-close",
};
static const char *const type_texts[QB_ORDER_TYPE_COUNT] = {
    [QB_MARKET] = "market",
    [QB_LIMIT] = "limit",
    [QB_STOP] = "stop",
    [QB_STOP_LIMIT] = "stop-limit",
    [QB_TRAILING_STOP] = "trailing-stop",
    [QB_MARKET_ON_OPEN] = "market-on-open",
    [QB_MARKET_ON_CLOSE] = "market-on-close",
};
static const char *const time_in_force_texts[QB_TIME_IN_FORCE_COUNT] = {
    [QB_GTC] = "GTC", [QB_DAY] = "DAY", [QB_GTD] = "GTD", [QB_IOC] = "IOC", [QB_FOK] = "FOK",
};
static const char *const purpose_texts[QB_PURPOSE_COUNT] = {
    [QB_FOR_SIGNAL] = "signal",
    [QB_FOR_ORDER] = "order",
    [QB_FOR_TAKE_PROFIT] = "take-profit",
    [QB_FOR_STOP_LOSS] = "stop-loss",
    [QB_FOR_TRAILING_STOP] = "trailing-stop",
    [QB_FOR_TIME_STOP] = "time-stop",
    [QB_FOR_RISK] = "risk",
    [QB_FOR_MARGIN] = "margin",
    [QB_FOR_START] = "start",
    [QB_FOR_ACTION] = "action",
};
static const char *const fill_model_texts[] = {
    [QB_NEUTRAL] = "neutral",
    [QB_PESSIMISTIC] = "pessimistic",
    [QB_OPTIMISTIC] = "optimistic",
};

const char *qb_fill_at_text(qb_fill_at fill_at)
{
    return word(fill_at_texts, COUNT_OF(fill_at_texts), (size_t)fill_at);
}

qb_status qb_fill_at_from_text(const char *text, qb_fill_at *out)
{
    size_t index;
    qb_status status = find_word(fill_at_texts, COUNT_OF(fill_at_texts), text, &index);
    if (status == QB_OK)
        *out = (qb_fill_at)index;
    return status;
}

const char *qb_order_type_text(qb_order_type type)
{
    return word(type_texts, COUNT_OF(type_texts), (size_t)type);
}

qb_status qb_order_type_from_text(const char *text, qb_order_type *out)
{
    size_t index;
    qb_status status = find_word(type_texts, COUNT_OF(type_texts), text, &index);
    if (status == QB_OK)
        *out = (qb_order_type)index;
    return status;
}

const char *qb_time_in_force_text(qb_time_in_force time_in_force)
{
    return word(time_in_force_texts, COUNT_OF(time_in_force_texts), (size_t)time_in_force);
}

qb_status qb_time_in_force_from_text(const char *text, qb_time_in_force *out)
{
    size_t index;
    qb_status status = find_word(time_in_force_texts, COUNT_OF(time_in_force_texts), text, &index);
    if (status == QB_OK)
        *out = (qb_time_in_force)index;
    return status;
}

const char *qb_purpose_text(qb_purpose purpose)
{
    return word(purpose_texts, COUNT_OF(purpose_texts), (size_t)purpose);
}

const char *qb_fill_model_text(qb_fill_model model)
{
    return word(fill_model_texts, COUNT_OF(fill_model_texts), (size_t)model);
}

qb_status qb_fill_model_from_text(const char *text, qb_fill_model *out)
{
    size_t index;
    qb_status status = find_word(fill_model_texts, COUNT_OF(fill_model_texts), text, &index);
    if (status == QB_OK)
        *out = (qb_fill_model)index;
    return status;
}
