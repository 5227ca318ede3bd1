/* Where the notes of two runs first differ. */
#include "core/honesty/honesty-private.h"

#define EQUAL_WITHIN 1e-9 /* what another order of rounding may change */
#define MOVES_ADRIFT 4u   /* changes of mind after which two honest runs have met */
#define STEP_WITHIN 0.01  /* of the run's size: what an average that has settled may still change */

/* ---- call by call --------------------------------------------------------------------------- */

static bool is_near(double a, double b)
{
    double larger = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= EQUAL_WITHIN * larger;
}

static int sign_of(double value)
{
    return (value > 0.0) - (value < 0.0);
}

/* Units and money are counted in an account, which another run may have another of. */
static bool is_of_account(const call *call)
{
    return call->kind != CALL_SIGNAL && call->size_kind != QB_SIZE_WEIGHT;
}

static bool same_call(const call *a, const call *b, double scale, bool exact)
{
    if (a->at_us != b->at_us || a->kind != b->kind || a->size_kind != b->size_kind ||
        a->type != b->type || !is_near(a->fractions, b->fractions))
        return false;
    for (size_t i = 0; i < sizeof a->prices / sizeof *a->prices; i++)
        if (!is_near(a->prices[i] * scale, b->prices[i]))
            return false;
    if (exact || !is_of_account(a))
        return is_near(a->value, b->value);
    return sign_of(a->value) == sign_of(b->value);
}

/* NULL past the end. */
static const call *within(const call *call, int64_t until_us)
{
    if (call == NULL || call->at_us > until_us || (call->at_us == until_us && call->after_fill))
        return NULL;
    return call;
}

/* What the run wishes at the earlier of the two, the one that differs. */
static difference difference_of(uint32_t instrument, const call *a, const call *b, double wish)
{
    int64_t a_us = a != NULL ? a->at_us : INT64_MAX, b_us = b != NULL ? b->at_us : INT64_MAX;
    return (difference){
        .instrument = instrument,
        .at_us = a_us < b_us ? a_us : b_us,
        .wanted = a_us <= b_us ? a->value : wish,
        .got = b_us <= a_us ? b->value : wish,
    };
}

bool notes_equal(const notes *base, const notes *other, int64_t until_us, double scale, bool exact,
                 difference *out)
{
    bool equal = true;
    if (until_us >= base->full_us)
        until_us = base->full_us - 1;
    if (until_us >= other->full_us)
        until_us = other->full_us - 1;
    for (uint32_t i = 0; i < base->count; i++) {
        const call *a = within(base->first[i], until_us), *b = within(other->first[i], until_us);
        double wish = NAN;
        while (a != NULL && b != NULL && same_call(a, b, scale, exact)) {
            wish = a->value;
            a = within(a->next, until_us);
            b = within(b->next, until_us);
        }
        if (a == NULL && b == NULL)
            continue;
        difference found = difference_of(i, a, b, wish);
        if (equal || found.at_us < out->at_us)
            *out = found;
        equal = false;
    }
    return equal;
}

/* ---- step by step --------------------------------------------------------------------------- */

/* What a run wishes as time goes on. A signal holds until the next one; targets and orders are asked
 * at their instant. */
typedef struct walker {
    const call *next;
    double level; /* of signals */
    double pulse; /* of targets and orders at the instant just taken */
    bool pulsed, moved;
} walker;

/* Of an amount that is counted in the account only the sign can be compared. */
static double level_of(const call *call)
{
    double value = isnan(call->value) ? 0.0 : call->value;
    return is_of_account(call) ? sign_of(value) : value;
}

static bool same_level(double a, double b)
{
    return fabs(a - b) <= STEP_WITHIN;
}

static void walk_to(walker *walker, int64_t at_us)
{
    double before = walker->level;
    walker->pulse = 0.0;
    walker->pulsed = false;
    for (; walker->next != NULL && walker->next->at_us <= at_us;
         walker->next = walker->next->next) {
        if (walker->next->kind == CALL_SIGNAL)
            walker->level = level_of(walker->next);
        else if (walker->next->at_us == at_us && walker->next->kind != CALL_CANCEL) {
            walker->pulse += level_of(walker->next);
            walker->pulsed = true;
        }
    }
    walker->moved = !same_level(before, walker->level) || walker->pulsed;
}

static int64_t next_us(const walker *walker)
{
    return walker->next != NULL ? walker->next->at_us : INT64_MAX;
}

static void keep_first(bool *seen, difference *kept, const difference *found)
{
    if (!*seen || found->at_us < kept->at_us)
        *kept = *found;
    *seen = true;
}

static void walk_instrument(const notes *base, const notes *other, uint32_t instrument,
                            int64_t from_us, int64_t until_us, steps *out)
{
    walker a = {.next = base->first[instrument]}, b = {.next = other->first[instrument]};
    bool in_step = false;
    uint32_t a_moves = 0, b_moves = 0;
    difference latest = {0};
    for (int64_t at_us = from_us; at_us <= until_us && at_us != INT64_MAX;
         at_us = next_us(&a) < next_us(&b) ? next_us(&a) : next_us(&b)) {
        walk_to(&a, at_us);
        walk_to(&b, at_us);
        a_moves += a.moved;
        b_moves += b.moved;
        bool same_pulse = a.pulsed == b.pulsed && same_level(a.pulse, b.pulse);
        if (same_level(a.level, b.level) && same_pulse) {
            in_step |= a.moved && b.moved && at_us > from_us;
            continue;
        }
        const difference found = {instrument, at_us, same_pulse ? a.level : a.pulse,
                                  same_pulse ? b.level : b.pulse};
        keep_first(&out->differ, &out->first, &found);
        if (in_step)
            keep_first(&out->differ_in_step, &out->first_in_step, &found);
        latest = found;
    }
    if (!in_step && latest.at_us != 0 && a_moves >= MOVES_ADRIFT && b_moves >= MOVES_ADRIFT)
        keep_first(&out->adrift, &out->first_adrift, &latest);
}

void notes_steps(const notes *base, const notes *other, int64_t from_us, int64_t until_us,
                 steps *out)
{
    *out = (steps){0};
    if (until_us >= base->full_us)
        until_us = base->full_us - 1;
    if (until_us >= other->full_us)
        until_us = other->full_us - 1;
    for (uint32_t i = 0; i < base->count; i++)
        walk_instrument(base, other, i, from_us, until_us, out);
}
