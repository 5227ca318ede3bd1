/* The engine against a second implementation of docs/FILLS.md (reference.h), on random order sets.
 *
 * A failing case prints its seed and what is left of it once it has been cut down;
 * `fills_test --seed N` runs that case alone, `--seed N --count M` so many from there on. With
 * `-m thorough` there are ten times as many cases. */
#include "duel.h"
#include "examples.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 10000, FAULTS_SHOWN = 3 };

static unsigned repertoire = FILLS_ALL;

static bool play_one(uint64_t seed, duel *out)
{
    static fills_case play;
    fills_case_make(seed, repertoire, &play);
    if (duel_run(&play, out))
        return true;
    printf("# seed %llu: %s\n", (unsigned long long)seed, out->why);
    duel_shrink(&play);
    fills_case_print(&play, stdout);
    duel_print(&play, stdout);
    return false;
}

typedef struct tally {
    uint64_t cases, faults, series, orders, fills, makers;
    uint64_t states[QB_ORDER_EXPIRED + 1], reasons[QB_REASON_COUNT];
} tally;

static void count_in(tally *sum, const duel *one)
{
    sum->cases++;
    sum->series += one->series;
    sum->orders += one->orders;
    sum->fills += one->fills;
    sum->makers += one->makers;
    for (int i = 0; i <= QB_ORDER_EXPIRED; i++)
        sum->states[i] += one->states[i];
    for (int i = 0; i < QB_REASON_COUNT; i++)
        sum->reasons[i] += one->reasons[i];
}

static void tell(const tally *sum)
{
    printf("# %llu cases (%llu as series too), %llu orders, %llu fills (%llu of makers)\n",
           (unsigned long long)sum->cases, (unsigned long long)sum->series,
           (unsigned long long)sum->orders, (unsigned long long)sum->fills,
           (unsigned long long)sum->makers);
    printf("#");
    for (int i = 0; i < QB_REASON_COUNT; i++)
        if (sum->reasons[i] > 0)
            printf(" %s %llu", qb_reason_text((qb_reason)i), (unsigned long long)sum->reasons[i]);
    printf("\n");
}

static tally sum_of(uint64_t from, uint64_t count)
{
    tally sum = {0};
    for (uint64_t seed = from; seed < from + count && sum.faults < FAULTS_SHOWN; seed++) {
        duel one;
        sum.faults += !play_one(seed, &one);
        count_in(&sum, &one);
    }
    tell(&sum);
    return sum;
}

static void test_examples(void)
{
    size_t count;
    g_assert_cmpuint(fills_examples_wrong(&count), ==, 0);
    g_assert_cmpuint(count, >, 20);
}

/* Nothing is proven where nothing happens: every end and most reasons have been met often. */
static void check_reach(const tally *sum)
{
    static const qb_reason rare[] = {
        QB_REASON_NONE,        QB_REASON_BELOW_LOT, QB_REASON_CASH,       QB_REASON_BAD_PRICE,
        QB_REASON_REDUCE_ONLY, QB_REASON_REPLACED,  QB_REASON_NO_DATA,    QB_REASON_END_OF_DATA,
        QB_REASON_BANKRUPT,    QB_REASON_TIME,      QB_REASON_NOT_FILLED, QB_REASON_OCO,
        QB_REASON_PARENT,      QB_REASON_CLOSED,    QB_REASON_ASKED,      QB_REASON_MARGIN,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rare); i++)
        g_assert_cmpuint(sum->reasons[rare[i]], >, 30);
    for (int i = QB_ORDER_FILLED; i <= QB_ORDER_EXPIRED; i++)
        g_assert_cmpuint(sum->states[i], >, 1000);
    g_assert_cmpuint(sum->states[QB_ORDER_OPEN], ==, 0);
    g_assert_cmpuint(sum->fills, >, 5 * sum->cases);
    g_assert_cmpuint(sum->makers, >, 1000);
    g_assert_cmpuint(sum->series, >, 1000);
}

static void test_random_sets(void)
{
    tally sum = sum_of(1, g_test_thorough() ? 10 * CASES : CASES);
    g_assert_cmpuint(sum.faults, ==, 0);
    check_reach(&sum);
}

static const char *take_option(int *argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < *argc; i++)
        if (strcmp(argv[i], name) == 0) {
            const char *value = argv[i + 1];
            memmove(&argv[i], &argv[i + 2], (size_t)(*argc - i - 1) * sizeof *argv);
            *argc -= 2;
            return value;
        }
    return NULL;
}

int main(int argc, char **argv)
{
    const char *seed = take_option(&argc, argv, "--seed");
    const char *count = take_option(&argc, argv, "--count");
    const char *only = take_option(&argc, argv, "--repertoire");
    if (only != NULL)
        repertoire = (unsigned)strtoul(only, NULL, 0);
    if (seed != NULL) {
        uint64_t many = count != NULL ? strtoull(count, NULL, 10) : 1;
        return sum_of(strtoull(seed, NULL, 10), many).faults > 0;
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fills/examples", test_examples);
    g_test_add_func("/fills/random-sets", test_random_sets);
    return g_test_run();
}
