#include "core/base/base.h"

const char *qb_status_text(qb_status status)
{
    switch (status) {
    case QB_OK:
        return "ok";
    case QB_NO_MEMORY:
        return "out of memory";
    case QB_OVERFLOW:
        return "amount beyond 92 billion";
    case QB_NOT_FINITE:
        return "not a finite number";
    case QB_OUT_OF_RANGE:
        return "out of range";
    case QB_BAD_FORMAT:
        return "unreadable text";
    case QB_OUT_OF_ORDER:
        return "time runs backwards";
    case QB_NOT_FOUND:
        return "not found";
    case QB_BAD_STRATEGY:
        return "strategy breaks its contract";
    case QB_BROKEN:
        return "ledger identity broken";
    case QB_SINK_FAILED:
        return "an event could not be recorded";
    }
    return "unknown status";
}
