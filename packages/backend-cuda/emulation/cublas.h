// A cuBLAS for tests: the functions that native/blas.cc looks up, computed when the emulated stream gets there.
#pragma once

namespace emulation {

/// nullptr unless tests gave the machine a cuBLAS (setBlas).
void* openLibrary(const char* name);
void* findSymbol(void* library, const char* name);

void setBlas(bool present);

}  // namespace emulation
