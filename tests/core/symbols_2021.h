/* The 124 companies of equities/daily_adjusted: members of the S&P 500 in 2021. */
#ifndef SYMBOLS_2021_H
#define SYMBOLS_2021_H

static const char *const symbols_2021[] = {
    "AAL",  "AAPL",  "ADBE",  "ADM",  "AFL",  "AIG",   "AMAT", "AMCR", "AMT",  "AMZN", "APA",
    "ATVI", "AVY",   "AWK",   "BA",   "BEN",  "BKNG",  "BWA",  "C",    "CAG",  "CARR", "CAT",
    "CBRE", "CCL",   "CMG",   "COST", "CRM",  "CSCO",  "CTXS", "CVX",  "D",    "DAL",  "DD",
    "DIS",  "DISCA", "DISCK", "DUK",  "ENPH", "EQIX",  "ES",   "ETSY", "EXC",  "F",    "FB",
    "FIS",  "FMC",   "GE",    "GILD", "GLW",  "GOOGL", "HD",   "HIG",  "HSIC", "IBM",  "INTC",
    "ISRG", "IVZ",   "JCI",   "JNJ",  "JPM",  "KIM",   "KLAC", "KO",   "LEN",  "LRCX", "LUMN",
    "LVS",  "LYB",   "MA",    "MCD",  "MCK",  "MDLZ",  "MET",  "MGM",  "MMM",  "MNST", "MO",
    "MRK",  "MRO",   "MSFT",  "MSI",  "NEE",  "NFLX",  "NKE",  "NVDA", "O",    "OKE",  "ORCL",
    "OTIS", "OXY",   "PENN",  "PEP",  "PFE",  "PFG",   "PG",   "PKI",  "PLD",  "PPL",  "PRGO",
    "PSA",  "QCOM",  "REGN",  "RTX",  "SIVB", "SO",    "SPG",  "SPGI", "STT",  "T",    "TMUS",
    "TRMB", "TSLA",  "UAA",   "UAL",  "UNH",  "V",     "VIAC", "VZ",   "WMB",  "WMT",  "WYNN",
    "XOM",  "XYL",   "YUM",
};

#endif
