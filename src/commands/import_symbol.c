/* Which symbol a file holds: told, or read from its name. */
#include "commands/import-private.h"

#include <string.h>

static char *cut_suffix(char *text, const char *suffix)
{
    gsize length = strlen(text), size = strlen(suffix);
    if (length > size && g_ascii_strcasecmp(text + length - size, suffix) == 0)
        text[length - size] = '\0';
    return text;
}

/* "BTCUSDT" or "BTC-USD": a pair, not a word that could be a coin's name. */
static gboolean is_pair(const char *piece, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    char symbol[QB_SYMBOL_SIZE];
    if (qb_symbol_normalise(piece, asset, symbol) != QB_OK)
        return FALSE;
    g_auto(GStrv) sides = g_strsplit(symbol, "-", 2);
    g_autofree char *joined = g_strjoinv("", sides);
    if (g_ascii_strcasecmp(piece, joined) != 0 && g_ascii_strcasecmp(piece, symbol) != 0)
        return FALSE;
    g_strlcpy(out_symbol, symbol, QB_SYMBOL_SIZE);
    return TRUE;
}

/* The one piece of "Binance_BTCUSDT_1h" that is a pair. Six letters of fx could be any word, so
 * only capitals count there, or a name that holds nothing else. */
static gboolean pair_in_name(const char *stem, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    g_auto(GStrv) pieces = g_strsplit(stem, "_", -1);
    guint found = 0, count = g_strv_length(pieces);
    for (char **piece = pieces; *piece != NULL; piece++) {
        g_autofree char *upper = g_ascii_strup(*piece, -1);
        if (asset == QB_FX && count > 1 && strcmp(upper, *piece) != 0)
            continue;
        found += is_pair(*piece, asset, out_symbol);
    }
    return found == 1;
}

/* AAPL, BRK.B, ^SPX in capitals; aapl.us and aapl_us_d as Stooq names its files. */
static gboolean ticker_in_name(char *stem, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    gsize before = strlen(stem);
    cut_suffix(stem, "_d");
    cut_suffix(stem, "_us");
    cut_suffix(stem, ".us");
    if (strlen(stem) == before) {
        g_autofree char *upper = g_ascii_strup(stem, -1);
        if (strcmp(upper, stem) != 0)
            return FALSE;
    }
    gsize letters = strspn(stem + (*stem == '^'),
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    const char *rest = stem + (*stem == '^') + letters;
    gboolean share_class = (*rest == '.' || *rest == '-') && g_ascii_isalpha(rest[1]) &&
                           rest[2] == '\0';
    return letters >= 1 && letters <= 6 && (*rest == '\0' || share_class) &&
           qb_symbol_normalise(stem, asset, out_symbol) == QB_OK;
}

static gboolean symbol_in_name(const char *path, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    g_autofree char *stem = g_path_get_basename(path);
    cut_suffix(stem, ".gz");
    cut_suffix(stem, ".csv");
    cut_suffix(stem, ".txt");
    if (asset == QB_CRYPTO || asset == QB_FX)
        return pair_in_name(stem, asset, out_symbol);
    return ticker_in_name(stem, asset, out_symbol);
}

gboolean import_find_symbol(const import_options *flags, import_file *self, GError **error)
{
    const char *asset = qb_asset_text(self->key.asset);
    const instruments *instruments = self->market->instruments;
    int meant;
    if (flags->symbol != NULL) {
        if (instruments_symbol(instruments, flags->symbol, (int)self->key.asset, self->key.symbol,
                               &meant))
            return TRUE;
        g_autofree char *quoted = failure_quote(flags->symbol, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--symbol: %s is no symbol of asset %s (expected for example %s)", quoted,
                    asset,
                    self->key.asset == QB_CRYPTO ? "BTC-USD"
                    : self->key.asset == QB_FX   ? "EUR-USD"
                                                 : "AAPL or BRK.B");
        return FALSE;
    }
    char named[QB_SYMBOL_SIZE];
    if (symbol_in_name(self->path, self->key.asset, named) &&
        instruments_symbol(instruments, named, (int)self->key.asset, self->key.symbol, &meant)) {
        self->symbol_guessed = TRUE;
        return TRUE;
    }
    g_autofree char *file = failure_path(self->path);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: the name of the file tells no symbol of asset %s (expected --symbol)", file,
                asset);
    return FALSE;
}
