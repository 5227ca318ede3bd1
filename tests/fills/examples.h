/* Small cases worked by hand from docs/FILLS.md, which judge the reference itself. In: nothing. Out:
 * how many of them the reference or the engine gets wrong, each told in full. */
#ifndef FILLS_EXAMPLES_H
#define FILLS_EXAMPLES_H

#include <stddef.h>

size_t fills_examples_wrong(size_t *out_count);

#endif
