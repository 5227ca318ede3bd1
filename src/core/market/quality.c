/* The kinds of defects: what they are called, how grave they are, and what to do. */
#include "core/market/quality-private.h"

typedef struct kind_info {
    const char *text;
    qb_severity severity;
    const char *suggestion;
} kind_info;

static const kind_info kinds[QB_DEFECT_KIND_COUNT] = {
    [QB_DEFECT_OUT_OF_ORDER] = {"out-of-order", QB_SEVERITY_WARNING,
                                "sort the rows by stamp; data import does, and says so"},
    [QB_DEFECT_DUPLICATE] = {"duplicate", QB_SEVERITY_WARNING,
                             "keep one row of each stamp; where they differ, ask the source which "
                             "one is right (the last one counts)"},
    [QB_DEFECT_NOT_FINITE] = {"not-finite", QB_SEVERITY_ERROR,
                              "leave the row out, or fetch it again: a blank is no price"},
    [QB_DEFECT_NOT_POSITIVE] = {"not-positive", QB_SEVERITY_ERROR,
                                "leave the row out, or fetch it again: a price is above zero"},
    [QB_DEFECT_HIGH_LOW] = {"high-low", QB_SEVERITY_ERROR,
                            "fetch the row from another source, or leave it out"},
    [QB_DEFECT_MISALIGNED] = {"misaligned", QB_SEVERITY_ERROR,
                              "check the interval, and whether stamps are opens or closes of bars"},
    [QB_DEFECT_NON_SESSION] = {"non-session", QB_SEVERITY_NOTE,
                               "the engine does not see it; if the market was open, correct the "
                               "calendar"},
    [QB_DEFECT_OUTSIDE_SESSION] = {"outside-session", QB_SEVERITY_NOTE,
                                   "the engine does not see it; many of them mean a wrong zone or "
                                   "calendar"},
    [QB_DEFECT_FORWARD_FILL] = {"forward-fill", QB_SEVERITY_WARNING,
                                "a hole filled with the last close: import without such rows"},
    [QB_DEFECT_ZERO_VOLUME] =
        {"zero-volume", QB_SEVERITY_NOTE,
         "nothing traded, or not reported: the volume cap does not hold there"},
    [QB_DEFECT_STALE] = {"stale", QB_SEVERITY_WARNING,
                         "compare with another source: a feed may have stood still"},
    [QB_DEFECT_SPIKE] = {"spike", QB_SEVERITY_WARNING,
                         "compare with another source: a bad price moves stops and ranges"},
    [QB_DEFECT_OUTLIER] = {"outlier", QB_SEVERITY_NOTE,
                           "look for news of that day, a spin-off, or another company under this "
                           "symbol"},
    [QB_DEFECT_UNDECLARED_SPLIT] = {"undeclared-split", QB_SEVERITY_WARNING,
                                    "import with a split_factor column or --derive-actions, or say "
                                    "--adjustment split"},
    [QB_DEFECT_VOLUME] = {"volume", QB_SEVERITY_WARNING,
                          "check the unit (shares, lots, quote currency) and the source"},
    [QB_DEFECT_ZONE_SHIFT] = {"zone-shift", QB_SEVERITY_WARNING,
                              "import again with the zone in which the source stamps its bars"},
    [QB_DEFECT_MIXED_BASIS] = {"mixed-basis", QB_SEVERITY_WARNING,
                               "import that stretch again with the adjustment of the rest"},
};

const char *qb_defect_text(qb_defect_kind kind)
{
    return kinds[kind].text;
}

bool qb_defect_is_fatal(qb_defect_kind kind)
{
    return kinds[kind].severity == QB_SEVERITY_ERROR;
}

qb_severity qb_defect_severity(qb_defect_kind kind)
{
    return kinds[kind].severity;
}

const char *qb_defect_suggestion(qb_defect_kind kind)
{
    return kinds[kind].suggestion;
}

const char *qb_severity_text(qb_severity severity)
{
    static const char *const texts[] = {
        [QB_SEVERITY_NOTE] = "note",
        [QB_SEVERITY_WARNING] = "warning",
        [QB_SEVERITY_ERROR] = "error",
    };
    return texts[severity];
}

void qb_defects_add(qb_defects *defects, const qb_defect *defect)
{
    size_t of_kind = defects->by_kind[defect->kind];
    bool room = defects->per_kind == 0 || of_kind < defects->per_kind;
    if (room && defects->stored < defects->capacity)
        defects->items[defects->stored++] = *defect;
    defects->count++;
    defects->by_kind[defect->kind]++;
    defects->rows_of_kind[defect->kind] += defect->rows;
}
