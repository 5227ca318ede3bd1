#include "core/market/market.h"
