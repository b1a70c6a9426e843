// GCC 12 takes the undefined operand inside its own AVX-512 headers for an uninitialised variable.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define GLAI_ISA avx512
#define GLAI_VECTOR_BYTES 64
#include "conversion_table.h"
