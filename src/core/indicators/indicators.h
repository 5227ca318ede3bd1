/* Indicators as small structs that take one value a bar in O(1). Header-only, so that a
 * strategy built as a shared object needs nothing from the program. */
#ifndef QB_INDICATORS_H
#define QB_INDICATORS_H

#include "core/indicators/sma.h"

#endif
