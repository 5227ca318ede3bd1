/* Coarser bars from finer ones, by sessions.
 *
 * In: ascending sound bars of one interval. Out: bars of a longer one, each as the engine would
 * have known it. Nothing is filled: a bucket without bars gives no bar. Included by market.h. */
#ifndef QB_RESAMPLE_H
#define QB_RESAMPLE_H

typedef struct qb_resampled {
    size_t used;       /* fine rows that went into a bar */
    size_t no_session; /* left out: they stand in no session, or off the grid */
    size_t unfinished; /* left out: of the last bucket, which was not over */
    size_t partial;    /* bars made although the calendar expects more fine bars in them */
} qb_resampled;

/* Each bar of `to` is stamped and closed as qb_bar_times says and holds the fine bars that open in
 * it: first open, highest high, lowest low, last close; volume is the sum, unknown where one is;
 * bid and ask are the last, flags are joined. A split inside a bar moves the fine bars before it to
 * the new shares (price / factor, volume * factor, dividend / factor), and the bar bears the
 * product: it then takes effect at the bar's open, as the engine applies it. Dividends are summed.
 *
 * known_until_us: bars known later are unfinished and left out; pass the instant up to which the
 * fine series is complete, the known time of its last bar say. to must be longer than from, both
 * intervals of bars (QB_OUT_OF_RANGE), and stamps must rise (QB_OUT_OF_ORDER); out must be {0}.
 * QB_NO_MEMORY. One pass. */
QB_CHECKED qb_status qb_resample(const qb_series *fine, qb_interval from, qb_interval to,
                                 const qb_calendar *calendar, int64_t known_until_us,
                                 qb_series *out, qb_resampled *out_report);

#endif
