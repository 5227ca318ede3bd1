#include "core/base/base.h"
