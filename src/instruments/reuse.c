/* Tickers that belonged to somebody else before. Series by ticker from sources that do not follow
 * companies hold both. Dates: QuantConnect/Lean's map files, as of daily equity data that carry
 * these tickers over their whole history. */
#include "instruments/instruments.h"

#include <string.h>

static const struct {
    const char *symbol;
    qb_civil since;
} reused[] = {
    {"BNO", {2010, 6, 2}},  /* United States Brent Oil Fund */
    {"EEM", {2003, 4, 11}}, /* iShares MSCI Emerging Markets */
    {"FB", {2012, 5, 18}},  /* Facebook */
    {"USO", {2006, 4, 10}}, /* United States Oil Fund */
    {"WM", {2009, 8, 5}},   /* Waste Management, before UW and WMI */
};

int32_t instruments_reused_since(const char *symbol)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reused); i++)
        if (strcmp(reused[i].symbol, symbol) == 0)
            return qb_date_from_civil(reused[i].since);
    return INT32_MIN;
}
