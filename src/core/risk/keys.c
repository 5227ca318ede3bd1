/* What a user may set, with its range, its standard and one line of help; and values as text. */
#include "core/risk/risk-private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(key_name, key_rule, key_standard, least, most, key_unit, ...)               \
    {                                                                                   \
        .name = key_name, .rule = key_rule, .standard = key_standard, .minimum = least, \
        .maximum = most, .unit = key_unit, __VA_ARGS__                                  \
    }
#define LIMIT .is_limit = true
#define STANDARD .is_limit = true, .in_standard = true
#define WHOLE .whole = true
#define HELP(text) .help = text

/* The order is that of enum risk_place, and of qb_risk_config.values. */
const qb_risk_key qb_risk_keys[] = {
    ROW("per-trade", QB_RISK_PER_TRADE, 0.01, 0.0001, 1, "%", STANDARD,
        HELP("at most so much of equity is lost if the stop is hit")),
    ROW("atr-size", QB_RISK_ATR_SIZE, 0.01, 0.0001, 1, "%", LIMIT,
        HELP("a move of one ATR changes equity by at most so much")),
    ROW("kelly", QB_RISK_KELLY, 0.25, 0.01, 1, "x", STANDARD,
        HELP("gross exposure up to this share of mean / variance of past daily returns")),
    ROW("kelly-days", QB_RISK_KELLY, 60, 2, 100000, "days", WHOLE,
        HELP("daily returns before kelly says anything")),
    ROW("volatility", QB_RISK_VOLATILITY, 0.12, 0.001, 10, "%", STANDARD,
        HELP("a position moves equity by at most so much a year (one standard deviation)")),
    ROW("volatility-days", QB_RISK_VOLATILITY, 20, 2, 1000, "days", WHOLE,
        HELP("daily returns that volatility is measured on")),
    ROW("gross", QB_RISK_GROSS, 2, 0.01, 100, "x", STANDARD,
        HELP("all positions' value together, in equity")),
    ROW("single-name", QB_RISK_NAME, 0.10, 0.0001, 100, "%", STANDARD,
        HELP("one position's value, of equity")),
    ROW("sector", QB_RISK_SECTOR, 0.30, 0.0001, 100, "%", STANDARD,
        HELP("one sector's value, of equity; instruments without a sector are not counted")),
    ROW("crypto", QB_RISK_CRYPTO, 0.50, 0.0001, 100, "%", STANDARD,
        HELP("all crypto's value, of equity")),
    ROW("adv", QB_RISK_ADV, 0.05, 0.000001, 10, "%", STANDARD,
        HELP("one order's units, of the average daily volume")),
    ROW("adv-days", QB_RISK_ADV, 20, 1, 1000, "days", WHOLE,
        HELP("sessions that daily volume is averaged over")),
    ROW("minimum-value", QB_RISK_MINIMUM, 100, 0.00000001, 1e9, "money", LIMIT,
        HELP("an order worth less is not sent")),
    ROW("drawdown", QB_RISK_DRAWDOWN, 0.20, 0.001, 1, "%", STANDARD,
        HELP("kill switch: at this fall from the highest equity all is sold and nothing bought")),
    ROW("day-stop", QB_RISK_DAY_STOP, 0.06, 0.001, 1, "%", STANDARD,
        HELP("at this loss within a day all is sold, and nothing bought until the next")),
    ROW("week-stop", QB_RISK_WEEK_STOP, 0.10, 0.001, 1, "%", STANDARD,
        HELP("at this loss within a week all is sold, and nothing bought until the next")),
    ROW("blackout", QB_RISK_BLACKOUT, 0, 0, 10080, "min", STANDARD,
        HELP("no entries within the windows of --blackouts, and so long before and after")),
    ROW("day-trades", QB_RISK_DAY_TRADES, 3, 0, 10000, "", LIMIT, WHOLE,
        HELP("no entries in equities after so many day trades (pattern day trader)")),
    ROW("day-trades-days", QB_RISK_DAY_TRADES, 5, 1, 250, "days", WHOLE,
        HELP("sessions that day trades are counted over, this one included")),
    ROW("day-trades-equity", QB_RISK_DAY_TRADES, 25000, 0, 1e9, "money",
        HELP("day trades are free from this equity on")),
    ROW("cool-down", QB_RISK_COOL_DOWN, 3, 1, 1000, "", LIMIT, WHOLE,
        HELP("no entries for a while after so many losing trades in a row")),
    ROW("cool-down-hours", QB_RISK_COOL_DOWN, 24, 0.01, 8784, "hours", HELP("how long that is")),
    ROW("order-rate", QB_RISK_ORDER_RATE, 60, 1, 10000, "", LIMIT, WHOLE,
        HELP("entry orders within any minute")),
    ROW("trailing", QB_RISK_TRAILING, 3, 0.01, 100, "ATR", LIMIT,
        HELP("entries bring a trailing stop at this distance")),
    ROW("time-stop", QB_RISK_TIME_STOP, 5, 1, 1000000, "bars", STANDARD, WHOLE,
        HELP("entries are left after so many bars")),
    ROW("take-profit", QB_RISK_TAKE_PROFIT, 1.75, 0.01, 100, "ATR", STANDARD,
        HELP("entries bring a target at this distance")),
    ROW("stop-loss", QB_RISK_STOP_LOSS, 1, 0.01, 100, "ATR", STANDARD,
        HELP("entries bring a stop at this distance")),
    ROW("atr-bars", QB_RISK_NONE, 14, 1, 1000, "bars", WHOLE,
        HELP("bars of every average true range here")),
    {.name = NULL},
};
_Static_assert(sizeof qb_risk_keys / sizeof *qb_risk_keys == RISK_PLACES + 1, "one place a row");
_Static_assert(RISK_PLACES <= QB_RISK_KEYS_MAX, "the configuration has a value for each row");

const qb_risk_key *qb_risk_key_of(qb_risk_rule rule)
{
    for (const qb_risk_key *key = qb_risk_keys; key->name != NULL; key++)
        if (key->is_limit && key->rule == rule)
            return key;
    return NULL;
}

const char *qb_risk_rule_text(qb_risk_rule rule)
{
    const qb_risk_key *key = qb_risk_key_of(rule);
    return key != NULL ? key->name : "none";
}

const char *qb_risk_action_text(qb_risk_action action)
{
    static const char *const texts[] = {"passed", "reduced", "refused", "suspended", "halted"};
    return (unsigned)action < sizeof texts / sizeof *texts ? texts[action] : "unknown";
}

/* ---- configurations ------------------------------------------------------------------------ */

void qb_risk_config_off(qb_risk_config *out)
{
    *out = (qb_risk_config){.blackouts = NULL};
    for (size_t i = 0; i < RISK_PLACES; i++)
        out->values[i] = qb_risk_keys[i].is_limit ? NAN : qb_risk_keys[i].standard;
}

void qb_risk_config_standard(qb_risk_config *out)
{
    qb_risk_config_off(out);
    for (size_t i = 0; i < RISK_PLACES; i++)
        if (qb_risk_keys[i].in_standard)
            out->values[i] = qb_risk_keys[i].standard;
}

bool qb_risk_config_is_off(const qb_risk_config *config)
{
    for (size_t i = 0; i < RISK_PLACES; i++)
        if (qb_risk_keys[i].is_limit && !isnan(config->values[i]))
            return false;
    return true;
}

bool risk_value_fits(const qb_risk_key *key, double value)
{
    return value >= key->minimum && value <= key->maximum &&
           (!key->whole || value == nearbyint(value));
}

/* ---- text ---------------------------------------------------------------------------------- */

static bool is_percent(const qb_risk_key *key)
{
    return strcmp(key->unit, "%") == 0;
}

/* "20%", "0.2", "2"; the percent sign belongs to shares of equity and volume, and to multiples. */
static qb_status read_number(const qb_risk_key *key, const char *text, double *out,
                             const char **out_why)
{
    size_t length = strlen(text);
    const bool percent = length > 0 && text[length - 1] == '%';
    int64_t raw;
    if (qb_raw_from_text(text, length - (percent ? 1 : 0), &raw) != QB_OK) {
        *out_why = "not a number of at most 8 decimals, on or off";
        return QB_BAD_FORMAT;
    }
    if (percent && !is_percent(key) && strcmp(key->unit, "x") != 0) {
        *out_why = "not counted in percent";
        return QB_BAD_FORMAT;
    }
    if (percent && raw % 100 != 0) {
        *out_why = "a percentage of more than 6 decimals";
        return QB_BAD_FORMAT;
    }
    const double value = qb_raw_to_double(percent ? raw / 100 : raw);
    if (key->whole && value != nearbyint(value)) {
        *out_why = "not a whole number";
        return QB_BAD_FORMAT;
    }
    if (!risk_value_fits(key, value)) {
        *out_why = is_percent(key) && !percent && value > key->maximum
                       ? "outside its range (percents are written 20% or 0.2)"
                       : "outside its range";
        return QB_OUT_OF_RANGE;
    }
    *out = value;
    return QB_OK;
}

static qb_status set_value(qb_risk_config *config, size_t place, const char *text,
                           const char **out_why)
{
    const qb_risk_key *key = &qb_risk_keys[place];
    if (strcmp(text, "on") == 0) {
        config->values[place] = key->standard;
        return QB_OK;
    }
    if (strcmp(text, "off") != 0)
        return read_number(key, text, &config->values[place], out_why);
    if (!key->is_limit) {
        *out_why = "belongs to a rule: the rule itself can be off";
        return QB_BAD_FORMAT;
    }
    config->values[place] = NAN;
    return QB_OK;
}

static qb_status set_barriers(qb_risk_config *config, const char *text, const char **out_why)
{
    static const enum risk_place places[] = {RISK_TAKE_PROFIT, RISK_STOP_LOSS, RISK_TIME_STOP};
    if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0) {
        *out_why = "takes on or off (take-profit, stop-loss and time-stop take numbers)";
        return QB_BAD_FORMAT;
    }
    qb_status status = QB_OK;
    for (size_t i = 0; i < 3 && status == QB_OK; i++)
        status = set_value(config, places[i], text, out_why);
    return status;
}

static bool is_name(const char *text, size_t length, const char *name)
{
    return strncmp(text, name, length) == 0 && name[length] == '\0';
}

qb_status qb_risk_config_set(qb_risk_config *config, const char *text, const char **out_why)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL) {
        *out_why = "not of the form name=value";
        return QB_BAD_FORMAT;
    }
    const size_t length = (size_t)(equals - text);
    if (is_name(text, length, "triple-barrier"))
        return set_barriers(config, equals + 1, out_why);
    for (size_t i = 0; i < RISK_PLACES; i++)
        if (is_name(text, length, qb_risk_keys[i].name))
            return set_value(config, i, equals + 1, out_why);
    *out_why = "no rule of that name";
    return QB_NOT_FOUND;
}

char *qb_risk_value_to_text(const qb_risk_key *key, double value, char buffer[QB_RISK_VALUE_TEXT])
{
    if (isnan(value))
        snprintf(buffer, QB_RISK_VALUE_TEXT, "%s", key->is_limit ? "off" : "-");
    else if (is_percent(key))
        snprintf(buffer, QB_RISK_VALUE_TEXT, "%.8g%%", value * 100);
    else
        snprintf(buffer, QB_RISK_VALUE_TEXT, "%.10g", value);
    return buffer;
}
