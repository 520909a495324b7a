// The batched solver: what happens to a group of matrices, in order.
#include "../common/flush_denormals.hpp"
#include "eigen_group.hpp"
#include "mode_vectors.hpp"
#include "null_space.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {
namespace {

constexpr int L = kEigenLanes;

struct GroupMemory {
  Reduced lanes[L];
  Workspace work;
  double* interleaved;
  double* sweep_reflectors;
  std::size_t bytes;
};

Workspace lay_out_workspace(Scratch& scratch, std::int64_t n) {
  const std::int64_t matrix = n * row_stride(n);
  Workspace w{};
  for (double** each : {&w.columns, &w.y, &w.right, &w.left, &w.a, &w.wide}) *each = scratch.take(matrix);
  w.iteration = scratch.take(inverse_iteration_doubles(n));
  w.factors = scratch.take(round_up(n, kGroup) * kGroup);
  w.inverse = scratch.take(inverse_doubles(n));
  w.small = scratch.take(hessenberg_doubles(n));
  for (double** each : {&w.re, &w.im, &w.magnitude}) *each = scratch.take(n);
  w.heads = reinterpret_cast<std::int64_t*>(scratch.take(n));
  return w;
}

GroupMemory lay_out(void* memory, std::int64_t n) {
  Scratch scratch{static_cast<char*>(memory)};
  GroupMemory m{};
  for (Reduced& lane : m.lanes) {
    lane.units = reinterpret_cast<std::int64_t*>(scratch.take(n));
    lane.h = scratch.take(round_up(n, 4) * row_stride(n));
    lane.reflectors = scratch.take(reflector_doubles(n));
    lane.tau = scratch.take(round_up(n, kGroup));
    for (double** each : {&lane.scale, &lane.re, &lane.im}) *each = scratch.take(n);
  }
  m.work = lay_out_workspace(scratch, n);
  m.interleaved = scratch.take((n + 3) * (n + 4) * L);
  m.sweep_reflectors = scratch.take((n + 3) * kReflectorDoubles);
  m.bytes = scratch.used;
  return m;
}

void gather_units(const EigenProblem& p, Reduced& lane) {
  const PowerOfTwo f(lane.exponent);
  const std::int64_t m = lane.n, s = row_stride(m);
  clear(lane.h, round_up(m, 4) * s);
  for (std::int64_t i = 0; i < m; ++i) {
    const double* row = p.matrix + lane.units[i] * p.n;
    if (m == p.n)
      for (std::int64_t j = 0; j < m; ++j) lane.h[i * s + j] = row[j] * f.first * f.second;
    else
      for (std::int64_t j = 0; j < m; ++j) lane.h[i * s + j] = row[lane.units[j]] * f.first * f.second;
  }
}

double frobenius(const double* a, std::int64_t n, std::int64_t stride) {
  double squares = 0;
  for (std::int64_t i = 0; i < n; ++i) squares += row_squares(a + i * stride, n);
  return __builtin_sqrt(squares);
}

// Balancing that does not make the matrix this much smaller is undone: it gains no accuracy, and the errors of vectors
// that are small where the scaling is large would grow by the range of the scaling.
constexpr double kWorthBalancing = 1.0 / 8;

// Scaled rows and columns that are not zero; such rows alone belong to a null space that needs no iteration.
void prepare(const EigenProblem& p, Reduced& lane, double* work) {
  const std::int64_t n = p.n;
  lane.n = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double* row = p.matrix + i * n;
    std::int64_t j = 0;
    while (j < n && row[j] == 0) ++j;
    if (j < n) lane.units[lane.n++] = i;
  }
  lane.exponent = largest_exponent(p.matrix, n * n);
  const std::int64_t m = lane.n, s = row_stride(m);
  gather_units(p, lane);
  const double before = frobenius(lane.h, m, s);
  balance(m, lane.h, s, lane.scale, work);
  if (frobenius(lane.h, m, s) > kWorthBalancing * before) {
    gather_units(p, lane);
    for (std::int64_t i = 0; i < m; ++i) lane.scale[i] = 1;
  }
  const FlushDenormals flush;  // not before: the matrix itself may be that small
  reduce_to_hessenberg(m, lane.h, s, {lane.reflectors, lane.tau, work});
}

void find_eigenvalues(GroupMemory& m, std::int64_t count, bool* converged) {
  std::int64_t sizes[L]{}, largest = 0;
  double *re[L]{}, *im[L]{};
  for (std::int64_t l = 0; l < count; ++l) {
    sizes[l] = m.lanes[l].n;
    largest = sizes[l] > largest ? sizes[l] : largest;
    re[l] = m.lanes[l].re;
    im[l] = m.lanes[l].im;
  }
  const FlushDenormals flush;
  const std::int64_t stride = largest + 3 + largest % 2;
  clear(m.interleaved, (largest + 3) * stride * L);
  for (std::int64_t l = 0; l < count; ++l)
    for (std::int64_t i = 0; i < sizes[l]; ++i)
      for (std::int64_t j = i > 0 ? i - 1 : 0; j < sizes[l]; ++j)
        m.interleaved[(i * stride + j) * L + l] = m.lanes[l].h[i * row_stride(sizes[l]) + j];
  qr_eigenvalues({m.interleaved, stride, largest, sizes, re, im, m.sweep_reflectors, converged});
}

// Two of the sorted eigenvalues, one of them wanted, that rounding cannot tell apart.
bool too_close(const Workspace& w, std::int64_t n, std::int64_t wanted, double tolerance) {
  for (std::int64_t i = 0; i < n; ++i) w.magnitude[i] = __builtin_sqrt(w.re[i] * w.re[i] + w.im[i] * w.im[i]);
  for (std::int64_t i = 0; i < wanted; ++i)
    for (std::int64_t j = i + 1; j < n; ++j) {
      const double re = w.re[i] - w.re[j], im = w.im[i] - w.im[j];
      if (re * re + im * im <= tolerance * tolerance) return true;
      if (w.magnitude[i] - w.magnitude[j] > tolerance) break;
    }
  return false;
}

void scaled_copy(const EigenProblem& p, int exponent, double* a) {
  const PowerOfTwo f(exponent);
  const std::int64_t s = row_stride(p.n);
  for (std::int64_t i = 0; i < p.n; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) a[i * s + j] = p.matrix[i * p.n + j] * f.first * f.second;
    for (std::int64_t j = p.n; j < s; ++j) a[i * s + j] = 0;
  }
}

// False where LAPACK should do it: vectors that cannot be told apart, bad conditions, large residuals.
bool find_modes(const EigenProblem& p, const Reduced& lane, Workspace& w) {
  const std::int64_t n = p.n, m = lane.n;
  sort_eigenvalues(m, lane.re, lane.im, w.re, w.im, w.magnitude, w.heads);
  for (std::int64_t k = m; k < round_up(n, kWidth<double>); ++k) w.re[k] = w.im[k] = 0;
  std::int64_t count = p.modes;
  if (count > 0 && w.im[count - 1] > 0) ++count;  // the other half of the pair comes along
  std::int64_t active = count < m ? count : m;
  const bool dual = p.left || count > m;
  if (dual && 2 * active > m) active = m;  // the inverse costs less than a second iteration
  if (too_close(w, m, active, 16 * kRounding * norms_of(lane.h, m, row_stride(m)).one)) return false;
  Modes modes{m, active, w.re, w.im, w.right, row_stride(active), dual ? w.left : nullptr, row_stride(m)};
  group_factors(m, lane.reflectors, lane.tau, w.factors);
  compute_side(lane, w, {false, active, modes.right_stride, w.y});
  normalise_columns(modes, w.y, w.small);
  if (dual && !dual_rows(lane, w, modes)) return false;
  scaled_copy(p, lane.exponent, w.a);
  if (m < n) {
    Modes all{n, count > active ? count : active, w.re, w.im, w.wide, row_stride(n), nullptr, row_stride(n)};
    if (!extend_by_null_space(lane, w, modes, all)) return false;
    modes = all;
  }
  write_eigenvalues(p, w.re, w.im, lane.exponent);
  write_right(modes, p);
  if (p.left && !(write_left(modes, p) <= kInverseConditionLimit)) return false;
  if (m < n) scaled_copy(p, lane.exponent, w.a);
  modes.count = count;
  const Residual residual = residual_of(modes, w.a, row_stride(n), w.y, w.small);
  write_residual(p, residual);
  return residual.largest <= norms_of(w.a, n, row_stride(n)).longest * allowed_residual(n, kBad);
}

}  // namespace

std::int64_t group_lanes() { return L; }

std::size_t group_scratch_bytes(std::int64_t n) { return lay_out(nullptr, n).bytes; }

void solve_group(const EigenGroup& group) {
  std::int64_t largest = 0;
  for (std::int64_t l = 0; l < group.count; ++l) {
    const std::int64_t n = group.problems[group.order[l]].n;
    largest = n > largest ? n : largest;
  }
  GroupMemory memory = lay_out(group.memory, largest);
  bool converged[L];
  for (std::int64_t l = 0; l < group.count; ++l)
    prepare(group.problems[group.order[l]], memory.lanes[l], memory.work.small);
  find_eigenvalues(memory, group.count, converged);
  for (std::int64_t l = 0; l < group.count; ++l) {
    const EigenProblem& p = group.problems[group.order[l]];
    *p.flags = converged[l] && find_modes(p, memory.lanes[l], memory.work) ? 0 : kEigenUnresolved;
  }
}

std::int64_t columns_stride(std::int64_t n) { return row_stride(n); }

std::size_t finish_scratch_bytes(std::int64_t n) {
  Scratch scratch{nullptr};
  lay_out_workspace(scratch, n);
  return scratch.used;
}

void finish_vectors(const EigenVectors& v) {
  const EigenProblem& p = *v.problem;
  const std::int64_t n = p.n, s = row_stride(n);
  Scratch scratch{static_cast<char*>(v.memory)};
  const Workspace w = lay_out_workspace(scratch, n);
  clear(w.re, round_up(n, 8));
  clear(w.im, round_up(n, 8));
  copy(w.re, v.re, n);
  copy(w.im, v.im, n);
  copy(w.y, v.columns, n * s);
  Modes modes{n, n, w.re, w.im, w.right, s, w.left, s};
  normalise_columns(modes, w.y, w.small);
  write_eigenvalues(p, w.re, w.im, v.exponent);
  write_right(modes, p);
  *p.flags = 0;
  if (p.left) {
    for (std::int64_t i = 0; i < n; ++i) copy(modes.left + i * s, modes.right + i * s, s);
    const bool good = invert(n, modes.left, s, w.inverse) && write_left(modes, p) <= kInverseConditionLimit;
    if (!good) *p.flags = kEigenUnresolved;
  }
  scaled_copy(p, v.exponent, w.a);
  modes.count = p.modes + (p.modes > 0 && v.im[p.modes - 1] > 0 ? 1 : 0);
  write_residual(p, residual_of(modes, w.a, s, w.y, w.small));
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
