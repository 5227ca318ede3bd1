/* Indicators as small structs that take one value a bar in O(1) amortised, over the caller's ring
 * memory. Header-only, so that a strategy built as a shared object needs nothing from the program.
 *
 * Each is init (with room of qb_NAME_room doubles where it needs any), add once a bar, ready, and
 * its values, which are defined only when ready. Prices must be finite; volumes may be NaN, which
 * is unknown. What each is called outside, its parameters and whole-column form: table.h. */
#ifndef QB_INDICATORS_H
#define QB_INDICATORS_H

#include "core/indicators/adx.h"
#include "core/indicators/atr.h"
#include "core/indicators/bollinger.h"
#include "core/indicators/deviation.h"
#include "core/indicators/ema.h"
#include "core/indicators/extremes.h"
#include "core/indicators/macd.h"
#include "core/indicators/pair.h"
#include "core/indicators/rank.h"
#include "core/indicators/roc.h"
#include "core/indicators/rolling.h"
#include "core/indicators/rsi.h"
#include "core/indicators/sma.h"

#endif
