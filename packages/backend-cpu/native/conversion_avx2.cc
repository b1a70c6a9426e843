#define GLAI_ISA avx2
#define GLAI_VECTOR_BYTES 32
#include "conversion_table.h"
