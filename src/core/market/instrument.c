#include "core/market/market.h"

#include <string.h>
#include <strings.h>

static const char *const asset_texts[QB_ANY_ASSET_COUNT] = {
    [QB_EQUITY] = "equity", [QB_INDEX] = "index", [QB_CRYPTO] = "crypto",
    [QB_FX] = "fx",         [QB_MACRO] = "macro",
};

const char *qb_asset_text(qb_asset asset)
{
    return asset_texts[asset];
}

qb_status qb_asset_from_text(const char *text, qb_asset *out)
{
    for (int i = 0; i < QB_ASSET_COUNT; i++) {
        if (strcasecmp(text, asset_texts[i]) == 0) {
            *out = (qb_asset)i;
            return QB_OK;
        }
    }
    return QB_BAD_FORMAT;
}

/* ---- symbols ------------------------------------------------------------------------------ */

/* ASCII only: toupper would follow the locale. */
static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter_or_digit(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

static bool all_of(const char *text, bool (*belongs)(char c))
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!belongs(*text))
            return false;
    }
    return true;
}

static bool is_listed_character(char c)
{
    return is_letter_or_digit(c) || c == '.' || c == '^' || c == '_' || c == '-';
}

/* Longer ones first, so that BTCUSDT is not read as a coin BTCUSD in T. */
static const char *const quotes[] = {"USDT", "USDC", "USD", "EUR", "GBP", "JPY", "BTC", "ETH"};

/* Coins that end like a quote and are far better known than the pair one could read in them. */
static const char *const bare_coins[] = {
    "WBTC", "TBTC", "CBBTC", "RENBTC", "WETH",  "STETH", "WSTETH", "RETH", "CBETH", "FRXETH",
    "METH", "TUSD", "BUSD",  "GUSD",   "FDUSD", "PYUSD", "LUSD",   "SUSD", "RLUSD", "AEUR",
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_bare_coin(const char *text)
{
    for (size_t i = 0; i < COUNT_OF(bare_coins); i++) {
        if (strcmp(text, bare_coins[i]) == 0)
            return true;
    }
    return false;
}

/* Length of the base where text without a separator ends in a known quote, else 0. */
static size_t base_length(const char *text)
{
    size_t length = strlen(text);
    if (is_bare_coin(text))
        return 0;
    for (size_t i = 0; i < COUNT_OF(quotes); i++) {
        size_t quote_length = strlen(quotes[i]);
        if (length > quote_length && strcmp(text + length - quote_length, quotes[i]) == 0)
            return length - quote_length;
    }
    return 0;
}

/* Cuts a pair in two inside buffer, which holds upper-case text. The quote is borrowed from it,
 * or static. False where the text is no pair of that asset. */
static bool split_pair(char *buffer, qb_asset asset, char out_base[QB_SYMBOL_SIZE],
                       const char **out_quote)
{
    char *separator = strpbrk(buffer, "-/_");
    size_t base = separator != NULL ? (size_t)(separator - buffer) : 0;
    const char *quote = "USD";
    if (separator != NULL)
        quote = separator + 1;
    else if (asset == QB_FX && strlen(buffer) == 6)
        quote = buffer + (base = 3);
    else if (asset == QB_FX)
        return false;
    else if ((base = base_length(buffer)) > 0)
        quote = buffer + base;
    else
        base = strlen(buffer);

    memcpy(out_base, buffer, base);
    out_base[base] = '\0';
    *out_quote = quote;
    if (asset == QB_FX)
        return base == 3 && strlen(quote) == 3 && all_of(out_base, is_letter) &&
               all_of(quote, is_letter);
    return all_of(out_base, is_letter_or_digit) && all_of(quote, is_letter_or_digit);
}

static qb_status normalise_pair(char *buffer, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    char base[QB_SYMBOL_SIZE];
    const char *quote;
    if (!split_pair(buffer, asset, base, &quote))
        return QB_BAD_FORMAT;
    size_t base_size = strlen(base), quote_size = strlen(quote);
    if (base_size + 1 + quote_size >= QB_SYMBOL_SIZE)
        return QB_BAD_FORMAT;
    memcpy(out_symbol, base, base_size);
    out_symbol[base_size] = '-';
    memcpy(out_symbol + base_size + 1, quote, quote_size + 1);
    return QB_OK;
}

qb_status qb_symbol_normalise(const char *text, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    size_t length = strnlen(text, QB_SYMBOL_SIZE);
    if (length == 0 || length == QB_SYMBOL_SIZE)
        return QB_BAD_FORMAT;
    char buffer[QB_SYMBOL_SIZE];
    for (size_t i = 0; i <= length; i++)
        buffer[i] = upper(text[i]);
    if (asset == QB_CRYPTO || asset == QB_FX)
        return normalise_pair(buffer, asset, out_symbol);

    if (!all_of(buffer, is_listed_character) || buffer[0] == '.' || buffer[0] == '-')
        return QB_BAD_FORMAT;
    memcpy(out_symbol, buffer, length + 1);
    return QB_OK;
}

/* ---- instruments -------------------------------------------------------------------------- */

qb_status qb_instrument_default(const char *symbol, qb_asset asset, qb_interval interval,
                                qb_instrument *out)
{
    if ((unsigned)asset >= QB_ASSET_COUNT || (unsigned)interval >= QB_INTERVAL_COUNT)
        return QB_OUT_OF_RANGE;
    qb_instrument instrument = {
        .asset = asset,
        .currency = "USD",
        .calendar = qb_calendar_default(asset),
        .interval = interval,
        .lot = {asset == QB_CRYPTO ? 1 : QB_ONE},
        .price_decimals = 8,
        .multiplier = {QB_ONE},
        .since = INT32_MIN,
    };
    qb_status status = qb_symbol_normalise(symbol, asset, instrument.symbol);
    if (status != QB_OK)
        return status;
    if (asset == QB_CRYPTO || asset == QB_FX) {
        const char *quote = strchr(instrument.symbol, '-') + 1;
        size_t size = strlen(quote) + 1;
        if (size > sizeof instrument.currency)
            return QB_BAD_FORMAT;
        memcpy(instrument.currency, quote, size);
    }
    *out = instrument;
    return QB_OK;
}
