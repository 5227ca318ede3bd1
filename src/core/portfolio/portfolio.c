#include "core/portfolio/portfolio.h"
