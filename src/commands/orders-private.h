/* A list of orders as a file has it, before it meets instruments and bars. docs/ORDERS.md. */
#ifndef COMMANDS_ORDERS_PRIVATE_H
#define COMMANDS_ORDERS_PRIVATE_H

#include "core/engine/order_list.h"
#include "platform/failure.h"

#define ORDERS_FILE_LIMIT (16u * 1024u * 1024u)
#define ORDERS_LIMIT 100000u

/* A moment as written: an instant, or a date, which is that day on the instrument's calendar. */
typedef struct order_moment {
    gint64 at_us; /* of a date: its 00:00 UTC */
    gboolean is_date;
} order_moment;

typedef struct order_row {
    gsize line;
    order_moment time;
    const char *symbol;       /* as written; of one that cancels: the cancelled one's */
    qb_order_request request; /* without instrument, group and good_until_us */
    gboolean has_until;
    order_moment until;
    const char *group; /* NULL: none */
    guint32 cancels;   /* the index of an earlier row, QB_LISTED_NONE */
} order_row;

/* Rows in the order of the file, of order_row; their texts go into words. text: CSV, not zipped.
 * FAILURE_BAD_DATA lists what is wrong with file, line, field and value. NULL then. */
GArray *orders_read(GBytes *text, const char *path, GStringChunk *words, GError **error);

#endif
