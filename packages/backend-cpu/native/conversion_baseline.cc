// SSE2, NEON or WASM SIMD128, by what the compiler is told.
#define GLAI_ISA baseline
#define GLAI_VECTOR_BYTES 16
#include "conversion_table.h"
