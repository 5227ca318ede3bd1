#include "core/trading/trading.h"
