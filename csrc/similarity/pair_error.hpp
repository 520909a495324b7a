// How far rounding can have moved a pair's values; decides which pairs are solved again. Plain loops over n numbers.
#pragma once
#include <cstdint>

namespace pyrnnsim {

// Error of the eigenvalues of a Gram matrix formed and reduced in double, relative to the largest (measured: 3e-15 at
// most, a third of that typically).
inline constexpr double kEigenvalueError = 1e-15;

// Error of sum(rho), rho ascending, when each is the root of an eigenvalue with an error of random sign: d rho =
// d lambda / (2 rho), at most sqrt(d lambda).
static inline double total_error(std::int64_t n, const double* rho) {
  const double each = kEigenvalueError * rho[n - 1] * rho[n - 1], most = __builtin_sqrt(each);
  double square = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    const double error = each / (2 * rho[k] + most + 1e-300);
    square += error * error;
  }
  return 3 * __builtin_sqrt(square);
}

// Error of sum(alpha rho) / sum(alpha) when rounding turns neighbouring canonical directions into each other.
//
// A perturbation `noise` of the core turns directions k and l by about noise / |rho_k - rho_l|; eigenvectors of the Gram
// matrix add gram_noise / |lambda_k - lambda_l| (0 when they come from a singular value decomposition). Turned by theta,
// alpha_k changes by theta sum_j sign(h_k z_j) (h_l z_j), a random walk of `units` steps: theta alpha_l / sqrt(units).
// Equal changes of rho-weighted and plain sums cancel for rho = the mean, hence the factor (rho - similarity).
// `outside`: directions may also turn out of the spanned space (the wider network's side), against a gap of rho_k.
// `blur` > 0 asks for the effect of rounding the input instead: noise is then that of the activities, which both bases
// follow, so that a correlation near 1 feels only sqrt(1 - rho^2) of it; gaps below blur, the arithmetic's, count as none.
// `neighbours`: false for exact directions with weights of norm 2, which add up to the same however a tie is turned.
static inline double weight_error(std::int64_t n, const double* rho, const double* alpha, std::int64_t units,
                                  double noise, double gram_noise, double blur, bool neighbours, bool outside,
                                  double similarity) {
  double total = 0, square = 0;
  for (std::int64_t k = 0; k < n; ++k) total += alpha[k];
  const auto angle = [=](double gap, double gap_of_squares, double level) {
    const double apart = gap > blur ? gap - blur : 0.0;
    const double reach =
        blur > 0 ? noise * __builtin_sqrt((level < 1 ? 1 - level * level : 0.0) + noise * noise) : noise;
    const double theta = reach / (apart + 1e-300) + gram_noise / (gap_of_squares + 1e-300);
    return theta < 1 ? theta : 1.0;
  };
  for (std::int64_t k = 0; k < n; ++k) {
    if (neighbours && k + 1 < n) {
      const double gap = __builtin_fabs(rho[k + 1] - rho[k]), theta = angle(gap, gap * (rho[k + 1] + rho[k]), rho[k]);
      const double lever = theta * (0.5 * (rho[k] + rho[k + 1]) - similarity);
      square += lever * lever * (alpha[k] * alpha[k] + alpha[k + 1] * alpha[k + 1]);
    }
    if (outside) {
      const double lever = angle(rho[k], rho[k] * rho[k], rho[k]) * (rho[k] - similarity) * alpha[k];
      square += lever * lever;
    }
  }
  return total > 0 ? 3 * __builtin_sqrt(square / static_cast<double>(units)) / total : 0.0;
}

}  // namespace pyrnnsim
