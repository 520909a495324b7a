#include "lapack.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace pyrnnsim {
namespace {
Dgesdd dgesdd = nullptr;
Dgeevx dgeevx = nullptr;
}  // namespace

void set_dgesdd(Dgesdd routine) { dgesdd = routine; }
void set_dgeevx(Dgeevx routine) { dgeevx = routine; }

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

void eigenvectors(double* a, int n, double* re, double* im, double* vl, double* vr) {
  if (!dgeevx) throw std::runtime_error("LAPACK has not been set: call _core.set_lapack_eigen first");
  if (n == 0) return;
  char balance = 'B', left = vl ? 'V' : 'N', right = 'V', sense = 'N';
  int ld = n, ld_left = vl ? n : 1, low = 0, high = 0, lwork = -1, unused_integer = 0, info = 0;
  double unused = 0, norm = 0, best = 0;
  std::vector<double> scale(static_cast<std::size_t>(n));
  auto call = [&](double* work) {
    dgeevx(&balance, &left, &right, &sense, &n, a, &ld, re, im, vl ? vl : &unused, &ld_left, vr, &ld, &low, &high,
           scale.data(), &norm, &unused, &unused, work, &lwork, &unused_integer, &info);
  };
  call(&best);
  lwork = static_cast<int>(best);
  std::vector<double> work(static_cast<std::size_t>(lwork));
  call(work.data());
  if (info != 0) throw std::runtime_error("LAPACK's dgeevx failed with info = " + std::to_string(info));
}

}  // namespace pyrnnsim
