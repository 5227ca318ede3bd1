#include "runlog/runlog.h"
