// Eigen-decomposition of many matrices on the project's threads: the batched solver, and LAPACK for what it declines.
#pragma once
#include <vector>

#include "eigen_problem.hpp"

namespace pyrnnsim {

enum class EigenMethod { automatic, native, lapack };

struct EigenOptions {
  EigenMethod method = EigenMethod::automatic;  // native: what it declines keeps kEigenUnresolved and unset arrays
  int threads = 1;
};

// Each problem's result has the same bits whatever the others are, their order, and the number of threads.
void solve_eigen(const std::vector<EigenProblem>& problems, const EigenOptions& options);

// One problem by LAPACK's dgeevx: the fallback, and the yardstick of the tests.
void solve_eigen_by_lapack(const EigenProblem& problem);

}  // namespace pyrnnsim
