#include "lapack.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace pyrnnsim {
namespace {
Dgesdd dgesdd = nullptr;
}

void set_dgesdd(Dgesdd routine) { dgesdd = routine; }

void svd(double* a, int m, int n, double* s, double* u, double* vt) {
  if (!dgesdd) throw std::runtime_error("LAPACK has not been set: call _core.set_lapack first");
  if (m == 0 || n == 0) return;
  const int k = std::min(m, n);
  char job = u ? 'S' : 'N';
  int lda = m, ldu = u ? m : 1, ldvt = u ? k : 1, lwork = -1, info = 0;
  std::vector<int> integers(static_cast<std::size_t>(8 * k));
  double unused = 0, best = 0;
  double *left = u ? u : &unused, *right = u ? vt : &unused;
  dgesdd(&job, &m, &n, a, &lda, s, left, &ldu, right, &ldvt, &best, &lwork, integers.data(), &info);
  lwork = static_cast<int>(best);
  std::vector<double> work(static_cast<std::size_t>(lwork));
  dgesdd(&job, &m, &n, a, &lda, s, left, &ldu, right, &ldvt, work.data(), &lwork, integers.data(), &info);
  if (info != 0) throw std::runtime_error("LAPACK's dgesdd failed with info = " + std::to_string(info));
}

}  // namespace pyrnnsim
