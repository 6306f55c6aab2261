#include <jansson.h>
#include <stdlib.h>
#include <string.h>

// json_decref is an inline function over atomics that Swift does not import.
static inline void lofi_json_release(json_t *value) { json_decref(value); }
