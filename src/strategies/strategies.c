#include "strategies/strategies.h"
