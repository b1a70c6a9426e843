#include "training.h"
#include "isa.h"

namespace glai {

namespace baseline {
extern const TrainingTable trainingTable;
}
#if defined(__x86_64__)
namespace avx2 {
extern const TrainingTable trainingTable;
}
namespace avx512 {
extern const TrainingTable trainingTable;
}
#endif

const TrainingTable& trainingTable() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return avx512::trainingTable;
  if (isa() == Isa::avx2) return avx2::trainingTable;
#endif
  return baseline::trainingTable;
}

}  // namespace glai
