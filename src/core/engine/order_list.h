/* A list of orders in place of a strategy: manual trades, another tool's signals, tests. They go
 * through the same gate and the same fill rules as a strategy's.
 *
 * In: orders, each with the moment after which it is submitted. Out: a strategy that submits them.
 * An order is submitted at the first close of its instrument that is known at or after `after_us`;
 * of one instrument in the order of the list. */
#ifndef QB_ORDER_LIST_H
#define QB_ORDER_LIST_H

#include "core/engine/strategy.h"

#define QB_LISTED_NONE UINT32_MAX

typedef struct qb_listed_order {
    int64_t after_us;
    qb_order_request request; /* instrument also where it cancels */
    uint32_t cancels; /* index of the order before it that it cancels; QB_LISTED_NONE: none */
} qb_listed_order;

/* Read only while runs use it. */
typedef struct qb_order_list {
    qb_strategy strategy;          /* to be given to the engine; filled in by qb_order_list_init */
    const qb_listed_order *orders; /* [count], borrowed */
    uint32_t count;
} qb_order_list;

/* QB_OUT_OF_RANGE for an order that cancels itself or one after it, or one of another instrument. */
QB_CHECKED qb_status qb_order_list_init(qb_order_list *list);

#endif
