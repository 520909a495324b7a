// Eigen-decomposition of one real matrix, A = R diag(lambda) L with L R = I: what goes in, what comes out.
//
// Eigenvalues come in descending magnitude, a conjugate pair side by side with its positive imaginary part first. Right
// vectors (columns of R) have length 1 and their largest element is real and positive; left vectors (rows of L) are
// scaled to L R = I, so their lengths are the condition numbers of the eigenvalues. Complex numbers are (re, im) pairs.
#pragma once
#include <cstdint>

namespace pyrnnsim {

enum EigenFlag : std::uint8_t {
  kEigenByLapack = 1,        // the fallback did it
  kEigenIllConditioned = 2,  // some condition number exceeds kEigenConditionLimit: L R = I cannot be relied upon
  kEigenUnresolved = 4,      // between kernel and fallback only
};

// Rounding splits a double eigenvalue that has one vector only into two whose conditions are about 1e7, as epsilon^-1/2
// is, so the limit lies below that.
inline constexpr double kEigenConditionLimit = 1e6;
// Up to here the rows of R^-1 are good left vectors: their residuals grow with the conditions of all modes. Beyond it
// LAPACK's own left vectors are better.
inline constexpr double kInverseConditionLimit = 1e4;

struct EigenProblem {
  const double* matrix;  // (n, n) row-major, finite
  std::int64_t n;
  std::int64_t modes;   // vectors wanted, of the first `modes` eigenvalues
  double* eigenvalues;  // (n, 2)
  double* right;        // (n, modes, 2)
  double* left;         // (modes, n, 2), or nullptr: neither left vectors nor conditions
  double* condition;    // (modes,), or nullptr like left
  double* residual;     // (1,) max_k |A r_k - lambda_k r_k| / |A|, Euclidean and Frobenius norm
  std::uint8_t* flags;  // (1,) bits of EigenFlag
};

}  // namespace pyrnnsim
