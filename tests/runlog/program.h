/* The program itself, as a person runs it, on the log of a home. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "homes.h"

typedef struct answer {
    char *out, *errors;
    int code; /* -1: killed */
} answer;
void answer_clear(answer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(answer, answer_clear)

/* words by single spaces; url is DATABASE_URL. It works in the home's folder. */
answer program_run(const home *self, const char *url, const char *words);
/* On the home's own log. */
answer program_do(const home *self, const char *words);
/* The program fails with that code and says each of the texts (NULL: no more); secrets are not
 * among what it says. */
void program_fails(const home *self, const char *words, int code, const char *const *says);
/* Daily bars of AAPL, which PROGRAM_BACKTEST wants. */
void program_import(const home *self);
#define PROGRAM_BACKTEST "backtest --symbols AAPL --strategy sma_cross --beside none"

#endif
