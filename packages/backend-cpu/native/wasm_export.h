// Marks a function as an export of kernels.wasm.
#pragma once

#define GLAI_EXPORT(name) extern "C" __attribute__((export_name(#name)))
