/* Indicators as small structs that take one value a bar in O(1) amortised, over the caller's ring
 * memory. Header-only, so that a strategy built as a shared object needs nothing from the program.
 *
 * Each is init (with room of qb_NAME_room doubles where it needs any), add once a bar, ready, and
 * its values, which are defined only when ready. Prices must be finite; volumes may be NaN, which
 * is unknown. What each is called outside, its parameters and whole-column form: table.h. */
#ifndef QB_INDICATORS_H
#define QB_INDICATORS_H

#include "core/indicators/adx.h"
#include "core/indicators/aroon.h"
#include "core/indicators/atr.h"
#include "core/indicators/awesome.h"
#include "core/indicators/bollinger.h"
#include "core/indicators/cci.h"
#include "core/indicators/deviation.h"
#include "core/indicators/ema.h"
#include "core/indicators/ema_chain.h"
#include "core/indicators/extremes.h"
#include "core/indicators/kama.h"
#include "core/indicators/keltner.h"
#include "core/indicators/macd.h"
#include "core/indicators/mfi.h"
#include "core/indicators/obv.h"
#include "core/indicators/ordered.h"
#include "core/indicators/pair.h"
#include "core/indicators/psar.h"
#include "core/indicators/rank.h"
#include "core/indicators/roc.h"
#include "core/indicators/rolling.h"
#include "core/indicators/rsi.h"
#include "core/indicators/sma.h"
#include "core/indicators/stochastic.h"
#include "core/indicators/ultimate.h"
#include "core/indicators/volatility.h"
#include "core/indicators/vortex.h"
#include "core/indicators/vwap.h"
#include "core/indicators/wma.h"

#endif
