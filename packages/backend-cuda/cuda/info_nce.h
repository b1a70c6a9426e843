// Symmetric InfoNCE over the two views of a batch (core's losses/info-nce.ts).
#pragma once
#include "loss.h"

namespace glai::cuda {

struct InfoNce {
  StepRef step;
  const float* logits;  // [2 B, nOutputs] both views
  float* units;         // [2 B, nOutputs] rows of length 1
  float* lengths;       // [2 B]
  float* similarity;    // [B, B] s_ij = ⟨a_i, b_j⟩ / temperature
  float* normalizers;   // [2 B] log Σ exp of the rows of s, then of its columns
  float* dUnits;        // [2 B, nOutputs]
  float* rowLoss;       // [B]
  LogitGradient dLogits;
  int nOutputs;
  float inverseTemperature;
};

/// Five launches: units, similarities, normalisers, gradients of the units, gradients of the logits.
cudaError_t infoNce(const InfoNce&, unsigned pairs, cudaStream_t);

}  // namespace glai::cuda
