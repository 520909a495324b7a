// The fallback: LAPACK's Schur form is sound where inverse iteration is not, that is for repeated eigenvalues, whose
// vectors it tells apart, and for defective matrices, whose left vectors no inverse gives. Right vectors then go the
// common way.
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>
#include <vector>

#include "../common/buffer.hpp"
#include "../common/lapack.hpp"
#include "eigen_group.hpp"
#include "eigen_solver.hpp"

namespace pyrnnsim {
namespace {

using Complex = std::complex<double>;

// What LAPACK finds, for the matrix times 2^-exponent.
struct Decomposed {
  std::size_t n;
  int exponent = 0;
  std::vector<double> re, im, left, right;  // vectors (n, n) column-major
  std::vector<std::size_t> order;           // descending magnitude, pairs together
};

int exponent_of(const EigenProblem& p) {
  double peak = 0;
  for (std::int64_t i = 0; i < p.n * p.n; ++i) peak = std::max(peak, std::fabs(p.matrix[i]));
  int exponent = 0;
  if (peak > 0) (void)std::frexp(peak, &exponent);
  return exponent;
}

std::vector<std::size_t> sorted(const std::vector<double>& re, const std::vector<double>& im) {
  std::vector<std::size_t> heads, order;
  for (std::size_t i = 0; i < re.size(); i += im[i] > 0 ? 2 : 1) heads.push_back(i);
  std::stable_sort(heads.begin(), heads.end(), [&](std::size_t a, std::size_t b) {
    const double first = std::hypot(re[a], im[a]), second = std::hypot(re[b], im[b]);
    return first != second ? first > second : re[a] > re[b];
  });
  for (const std::size_t i : heads) {
    order.push_back(i);
    if (im[i] > 0) order.push_back(i + 1);
  }
  return order;
}

Decomposed decompose(const EigenProblem& p) {
  const auto n = static_cast<std::size_t>(p.n);
  Decomposed d{n,
               exponent_of(p),
               std::vector<double>(n),
               std::vector<double>(n),
               std::vector<double>(p.left ? n * n : 0),
               std::vector<double>(n * n),
               {}};
  std::vector<double> a(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) a[j * n + i] = std::ldexp(p.matrix[i * n + j], -d.exponent);
  eigenvectors(a.data(), static_cast<int>(n), d.re.data(), d.im.data(), p.left ? d.left.data() : nullptr,
               d.right.data());
  d.order = sorted(d.re, d.im);
  return d;
}

// Where the inverse of R is no set of left vectors: LAPACK's own, each scaled to l r = 1 by itself. One that is
// orthogonal to its right vector, as of a defective eigenvalue, keeps length 1, and its condition is infinite. Returns
// the largest condition.
double write_own_left(const Decomposed& d, const EigenProblem& p) {
  const auto modes = static_cast<std::size_t>(p.modes);
  const auto* right = reinterpret_cast<const Complex*>(p.right);
  auto* left = reinterpret_cast<Complex*>(p.left);
  double worst = 0;
  for (std::size_t k = 0; k < modes; ++k) {
    const std::size_t from = d.order[k], head = d.im[from] < 0 ? from - 1 : from;
    const double sign = d.im[from] > 0 ? -1 : d.im[from] < 0 ? 1 : 0;
    Complex overlap = 0;
    for (std::size_t j = 0; j < d.n; ++j) {
      const double imaginary = sign == 0 ? 0 : sign * d.left[(head + 1) * d.n + j];
      left[k * d.n + j] = Complex(d.left[head * d.n + j], imaginary);
      overlap += left[k * d.n + j] * right[j * modes + k];
    }
    const double size = std::abs(overlap);
    const bool orthogonal = !(size > std::numeric_limits<double>::min());
    p.condition[k] = orthogonal ? std::numeric_limits<double>::infinity() : 1 / size;
    worst = std::max(worst, p.condition[k]);
    if (orthogonal) continue;
    for (std::size_t j = 0; j < d.n; ++j) left[k * d.n + j] /= overlap;
  }
  return worst;
}

}  // namespace

void solve_eigen_by_lapack(const EigenProblem& p) {
  const Decomposed d = decompose(p);
  const auto stride = static_cast<std::size_t>(PYRNNSIM_CHOSEN(std::int64_t(std::int64_t), columns_stride)(p.n));
  std::vector<double> columns(d.n * stride), re(d.n), im(d.n);
  for (std::size_t k = 0; k < d.n; ++k) {
    re[k] = d.re[d.order[k]];
    im[k] = d.im[d.order[k]];
    for (std::size_t i = 0; i < d.n; ++i) columns[i * stride + k] = d.right[d.order[k] * d.n + i];
  }
  Buffer memory;
  const std::size_t bytes = PYRNNSIM_CHOSEN(std::size_t(std::int64_t), finish_scratch_bytes)(p.n);
  PYRNNSIM_CHOSEN(void(const EigenVectors&),
                  finish_vectors)({&p, re.data(), im.data(), columns.data(), d.exponent, memory.reserve(bytes)});
  const bool ill = (*p.flags & kEigenUnresolved) != 0 && write_own_left(d, p) > kEigenConditionLimit;
  *p.flags = static_cast<std::uint8_t>(kEigenByLapack | (ill ? kEigenIllConditioned : 0));
}

}  // namespace pyrnnsim
