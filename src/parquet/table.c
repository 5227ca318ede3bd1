#include "parquet/parquet.h"
