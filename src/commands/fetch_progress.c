/* A download as it is watched. On a terminal a block of lines that is drawn over and over: the
 * whole, and each series under way. Elsewhere a line when a series ends or begins to wait. */
#include "commands/fetch-private.h"
#include "platform/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REDRAW_US (QB_SECOND_US / 10)
#define TOLD_WAIT_US (5 * QB_SECOND_US) /* shorter waits are not worth a line */
#define BAR_CELLS 16
#define WIDEST 100

struct fetch_progress {
    const download *download;
    report_style style;
    gboolean terminal;
    guint drawn; /* lines of the block on the screen */
    gint64 started_us, drawn_us;
    gint64 told_wait_us; /* piped: the wait that was told last */
};

fetch_progress *fetch_progress_new(const download *download)
{
    fetch_progress *self = g_new0(fetch_progress, 1);
    self->download = download;
    self->style = report_style_of(STDERR_FILENO);
    self->terminal = isatty(STDERR_FILENO) == 1;
    self->started_us = clock_monotonic_us();
    return self;
}

/* ---- how far -------------------------------------------------------------------------------- */

static gboolean is_over(const download_item *item)
{
    return item->state != DOWNLOAD_READY && item->state != DOWNLOAD_RUNNING;
}

/* Answers of those that are foreseen; never all of them before the end. */
static double share_of(const download_item *item)
{
    if (is_over(item))
        return 1;
    return (double)item->answers / (double)MAX(item->requests, item->answers + 1);
}

static gsize bars_of(const download_item *item)
{
    return item->change.added + item->change.changed + item->change.unchanged;
}

typedef struct whole {
    double share;
    guint series, over;
    gsize bars;
} whole;

/* Weighed by what each costs; those without a request count for nothing. */
static whole sum_up(const download *download)
{
    const GPtrArray *items = download_items(download);
    whole sum = {0};
    double done = 0, all = 0;
    for (guint i = 0; i < items->len; i++) {
        const download_item *item = g_ptr_array_index(items, i);
        const double weight = item->ranges->len > 0 ? MAX(item->requests, 1) : 0;
        done += weight * share_of(item);
        all += weight;
        sum.series++;
        sum.over += is_over(item);
        sum.bars += bars_of(item);
    }
    sum.share = all > 0 ? done / all : 1;
    return sum;
}

/* ---- the block ------------------------------------------------------------------------------ */

static void append_bar(GString *line, double share, const report_style *style)
{
    const int full = (int)(share * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++)
        g_string_append(line,
                        i < full ? (style->unicode ? "━" : "#") : (style->unicode ? "·" : "."));
    g_string_append_printf(line, " %3d %%", (int)(share * 100));
}

static void append_clock(GString *line, gint64 left_us)
{
    const gint64 seconds = left_us / QB_SECOND_US;
    if (seconds >= 3600)
        g_string_append_printf(line, "%d:%02d:%02d", (int)(seconds / 3600),
                               (int)(seconds / 60 % 60), (int)(seconds % 60));
    else
        g_string_append_printf(line, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}

/* Never wider than the window, whose last column stays free. */
static void print_line(fetch_progress *self, const GString *line)
{
    const glong width = MIN(self->style.width - 1, WIDEST);
    g_autofree char *cut = g_utf8_substring(line->str, 0, MIN(g_utf8_strlen(line->str, -1), width));
    fprintf(stderr, "\r\033[K%s\n", cut);
    self->drawn++;
}

static void print_whole(fetch_progress *self, gint64 now_us)
{
    const whole sum = sum_up(self->download);
    const gint64 spent_us = MAX(now_us - self->started_us, 1);
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%-10.10s ", "all");
    append_bar(line, sum.share, &self->style);
    g_string_append_printf(line, "  %u/%u", sum.over, sum.series);
    g_string_append_printf(line, "  %.0f/s",
                           (double)sum.bars / ((double)spent_us / (double)QB_SECOND_US));
    if (sum.share > 0.02 && sum.share < 1) {
        g_string_append(line, "  ");
        append_clock(line, (gint64)((double)spent_us * (1 - sum.share) / sum.share));
        g_string_append(line, " left");
    }
    print_line(self, line);
}

static char *clock_text(gint64 until_us)
{
    char text[QB_TIME_TEXT];
    qb_time_to_text(until_us, text); /* 2020-01-31T14:30:00Z */
    return g_strndup(text + strlen("2020-01-31T"), strlen("14:30:00"));
}

static void print_series(fetch_progress *self, const download_item *item)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%-10.10s ", item->wish.key.symbol);
    append_bar(line, share_of(item), &self->style);
    g_string_append_printf(line, "  %" G_GSIZE_FORMAT, bars_of(item));
    if (item->waiting_us > 0) {
        g_autofree char *until = clock_text(item->waiting_us);
        g_string_append_printf(line, "  waits until %s", until);
    }
    print_line(self, line);
}

static void erase(fetch_progress *self)
{
    if (self->drawn > 0)
        fprintf(stderr, "\033[%uA\r\033[J", self->drawn);
    self->drawn = 0;
}

static void draw(fetch_progress *self, gint64 now_us)
{
    const GPtrArray *items = download_items(self->download);
    erase(self);
    print_whole(self, now_us);
    for (guint i = 0; i < items->len; i++) {
        const download_item *item = g_ptr_array_index(items, i);
        if (item->state == DOWNLOAD_RUNNING)
            print_series(self, item);
    }
    fflush(stderr);
    self->drawn_us = now_us;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void tell_wait(fetch_progress *self, const download_item *item)
{
    char text[QB_TIME_TEXT];
    if (item->waiting_us == self->told_wait_us || item->waiting_us - clock_now_us() < TOLD_WAIT_US)
        return;
    self->told_wait_us = item->waiting_us;
    fprintf(stderr, "%s: waits until %s\n", item->wish.provider->title,
            qb_time_to_text(item->waiting_us, text));
}

static void tell_end(const download_item *item)
{
    g_autofree char *name = data_key_text(&item->wish.key, FALSE);
    fprintf(stderr, "%s: %s, %u answers, %" G_GSIZE_FORMAT " new, %" G_GSIZE_FORMAT " changed\n",
            name, download_state_text(item->state), item->answers, item->change.added,
            item->change.changed);
}

void fetch_progress_changed(const download *download, const download_item *item, gpointer data)
{
    fetch_progress *self = data;
    const gint64 now_us = clock_monotonic_us();
    (void)download;
    if (self->terminal && (is_over(item) || now_us - self->drawn_us >= REDRAW_US))
        draw(self, now_us);
    else if (!self->terminal && is_over(item))
        tell_end(item);
    else if (!self->terminal && item->waiting_us > 0)
        tell_wait(self, item);
}

void fetch_progress_free(fetch_progress *self)
{
    if (self == NULL)
        return;
    erase(self);
    g_free(self);
}
