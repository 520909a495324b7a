// Eigenvalues of kEigenLanes upper Hessenberg matrices at a time, one per lane: the double-shift QR iteration (Francis
// 1961/62), deflating as LAPACK's dlahqr does.
//
// A sweep chases the bulges of all lanes at once through the union of their windows; outside its own window a lane has
// reflectors of zero. Only rows and columns inside a window matter to its eigenvalues, and these see the same operations
// whatever the union is, so a lane's bits do not depend on its neighbours. Reflectors are applied near the diagonal at
// once and to the rest of the matrix in blocks of kDelay.
#pragma once
#include "reflector_lanes.hpp"
#include "shifts.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

inline constexpr std::int64_t kDelay = 24, kShortDelay = 8;
inline constexpr int kMaxIterations = 120;  // for one eigenvalue or pair
inline constexpr double kRounding = 2.220446049250313e-16;

struct QrLanes {
  double* h;            // (n + 3, stride, lanes), zero beyond each lane's matrix
  std::int64_t stride;  // >= n + 3, odd
  std::int64_t n;       // largest size
  const std::int64_t* sizes;
  double* const* re;  // per lane (sizes[l],)
  double* const* im;
  double* reflectors;  // (n + 3) * kReflectorDoubles
  bool* converged;
};

struct QrState {
  alignas(kVectorBytes) double low[kEigenLanes];  // first and last row of the window; high < 0: done
  alignas(kVectorBytes) double high[kEigenLanes];
  alignas(kVectorBytes) double start[3][kEigenLanes];
  alignas(kVectorBytes) double size[kEigenLanes];  // largest element of the matrix
  int iterations[kEigenLanes];
  std::int64_t first, last;  // the union of the windows
};

PYRNNSIM_INLINE double* element(const QrLanes& q, std::int64_t i, std::int64_t j) {
  return q.h + (i * q.stride + j) * kEigenLanes;
}

// Sets negligible subdiagonals to zero, and each lane's low to the row below its last zero.
static void find_windows(const QrLanes& q, QrState& state) {
  using V = Vec<double>;
  const V high = load(state.high), size = load(state.size);
  V low{};
  for (std::int64_t i = 1; i <= state.last; ++i) {
    double* at = element(q, i, i);
    const V below = load(at - kEigenLanes), d0 = load(element(q, i - 1, i - 1)), d1 = load(at);
    const V sub = absolute(below), up = absolute(load(element(q, i - 1, i)));
    V sum = absolute(d0) + absolute(d1);
    sum = select<double>(sum == 0.0, size, sum);
    const V gap = absolute(d0 - d1), end = absolute(d1);
    const Mask<double> wider = gap > end;
    const V product = select<double>(wider, gap, end) * select<double>(wider, end, gap);
    const Mask<double> small = (sub <= kRounding * sum) & (sub * up <= kRounding * product);
    const V row = broadcast(static_cast<double>(i));
    const Mask<double> split = (small | (sub <= 1e-145)) & (row <= high);
    store(at - kEigenLanes, select<double>(split, V{}, below));
    low = select<double>(split, row, low);
  }
  store(state.low, low);
}

// Takes eigenvalues of windows of one or two rows off lane l.
static void take_eigenvalues(const QrLanes& q, QrState& state, int l) {
  auto at = [&](std::int64_t i, std::int64_t j) { return element(q, i, j)[l]; };
  auto high = static_cast<std::int64_t>(state.high[l]), low = static_cast<std::int64_t>(state.low[l]);
  while (high >= 0) {
    while (low > high) {
      low = high;
      while (low > 0 && at(low, low - 1) != 0) --low;
    }
    if (high - low > 1) break;
    if (high == low) {
      q.re[l][high] = at(high, high);
      q.im[l][high] = 0;
    } else {
      eigenvalues_of_two(at(low, low), at(low, high), at(high, low), at(high, high), q.re[l] + low, q.im[l] + low);
    }
    high = low - 1;
    state.iterations[l] = 0;
  }
  state.high[l] = static_cast<double>(high);
  state.low[l] = high < 0 ? 1e9 : static_cast<double>(low);
}

static void choose_shifts(const QrLanes& q, QrState& state, int l) {
  auto at = [&](std::int64_t i, std::int64_t j) { return element(q, i, j)[l]; };
  const auto m = static_cast<std::int64_t>(state.high[l]), f = static_cast<std::int64_t>(state.low[l]);
  const ShiftWindow window{{at(m - 1, m - 1), at(m - 1, m), at(m, m - 1), at(m, m)},
                           at(m - 1, m - 2),
                           {at(f, f), at(f, f + 1), at(f + 1, f), at(f + 1, f + 1)},
                           at(f + 2, f + 1)};
  double xyz[3];
  start_vector(window, ++state.iterations[l] % 10 == 0, xyz);
  for (int i = 0; i < 3; ++i) state.start[i][l] = xyz[i];
}

// Makes the reflector of step k in every lane. `below` holds the elements of column k - 1 in rows k, k + 1, k + 2, and
// on return what becomes of them: the bulges have moved on by one column.
PYRNNSIM_INLINE ReflectorLanes chase(const QrState& state, std::int64_t k, Vec<double> (&below)[3]) {
  using V = Vec<double>;
  const V row = broadcast(static_cast<double>(k)), low = load(state.low), high = load(state.high);
  const Mask<double> start = row == low, inside = (row >= low) & (row < high), three = row + 2.0 <= high;
  const V x = select<double>(start, load(state.start[0]), below[0]),
          y = select<double>(start, load(state.start[1]), below[1]);
  const V z = select<double>(three, select<double>(start, load(state.start[2]), below[2]), V{});
  V squares = x * x;
  squares = squares + y * y;
  squares = squares + z * z;
  const Mask<double> worth = inside & (squares > 1e-290), moved = inside & ~start;
  const V root = square_root(squares), s = select<double>(x < 0.0, -root, root), pivot = x + s;
  const V inverse = select<double>(worth, 1.0 / (pivot * s), V{}), by_pivot = s * inverse;
  ReflectorLanes r;
  r.tau = pivot * pivot * inverse;
  r.v2 = y * by_pivot;
  r.v3 = z * by_pivot;
  r.tau2 = r.tau * r.v2;
  r.tau3 = r.tau * r.v3;
  below[0] = select<double>(moved & worth, -s, below[0]);
  below[1] = select<double>(moved, V{}, below[1]);
  below[2] = select<double>(moved & three, V{}, below[2]);
  return r;
}

static ReflectorLanes first_reflector(const QrLanes& q, const QrState& state) {
  const std::int64_t down = q.stride * kEigenLanes;
  double* p = element(q, state.first, state.first) - kEigenLanes;
  Vec<double> below[3]{};
  if (state.first == 0) return chase(state, 0, below);
  for (int i = 0; i < 3; ++i) below[i] = load(p + i * down);
  const ReflectorLanes r = chase(state, state.first, below);
  for (int i = 0; i < 3; ++i) store(p + i * down, below[i]);
  return r;
}

// Applies r to lines a, a + apart, ... before `stop`; a line's three elements are `step` apart.
PYRNNSIM_INLINE void reflect_each(const ReflectorLanes& r, double* a, const double* stop, std::int64_t apart,
                                  std::int64_t step) {
  for (; a < stop; a += apart) {
    Vec<double> x = load(a), y = load(a + step), z = load(a + 2 * step);
    reflect(r, x, y, z);
    store(a, x);
    store(a + step, y);
    store(a + 2 * step, z);
  }
}

// Applies r of step k from both sides to rows k ... k + 3 of columns k, k + 1, k + 2 and makes the next reflector of
// them: its square root and divisions then run while r goes to the other lines. Beyond the window this changes nothing.
PYRNNSIM_INLINE ReflectorLanes advance_bulge(const QrLanes& q, const QrState& state, std::int64_t k,
                                             const ReflectorLanes& r) {
  constexpr int W = kEigenLanes;
  Vec<double> a[4][3];
  double* corner = element(q, k, k);
  const std::int64_t down = q.stride * W;
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
#pragma GCC unroll 3
    for (int j = 0; j < 3; ++j) a[i][j] = load(corner + i * down + j * W);
#pragma GCC unroll 3
  for (int j = 0; j < 3; ++j) reflect(r, a[0][j], a[1][j], a[2][j]);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) reflect(r, a[i][0], a[i][1], a[i][2]);
  ReflectorLanes next{};
  if (k + 1 < state.last) {
    Vec<double> below[3] = {a[1][0], a[2][0], a[3][0]};
    next = chase(state, k + 1, below);
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) a[i + 1][0] = below[i];
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
#pragma GCC unroll 3
    for (int j = 0; j < 3; ++j) store(corner + i * down + j * W, a[i][j]);
  return next;
}

// Steps begin ... end - 1, applied to rows and columns begin ... end + 2 only; `next` is the reflector at hand.
PYRNNSIM_INLINE void sweep_nearby(const QrLanes& q, const QrState& state, std::int64_t begin, std::int64_t end,
                                  ReflectorLanes& next) {
  constexpr int W = kEigenLanes;
  const std::int64_t last = state.last, edge = end + 2 < last ? end + 2 : last, down = q.stride * W;
  for (std::int64_t k = begin; k < end; ++k) {
    const ReflectorLanes r = next;
    store_reflector(q.reflectors + k * kReflectorDoubles, r);
    next = advance_bulge(q, state, k, r);
    reflect_each(r, element(q, k, k + 3), element(q, k, edge + 1), W, down);
    reflect_each(r, element(q, begin, k), element(q, k, k), down, W);
  }
}

// Steps begin ... end - 1, delayed: to the columns from end + 3 to `right` and to the rows from `top` to begin - 1.
PYRNNSIM_INLINE void sweep_afar(const QrLanes& q, const QrState& state, std::int64_t begin, std::int64_t end,
                                std::int64_t top, std::int64_t right) {
  const std::int64_t edge = end + 2 < state.last ? end + 2 : state.last;
  const double* delayed = q.reflectors + begin * kReflectorDoubles;
  reflect_columns(element(q, begin, edge + 1), q.stride, right - edge, end - begin, delayed);
  reflect_rows(element(q, top, begin), q.stride, begin - top, end - begin, delayed);
}

static void sweep(const QrLanes& q, const QrState& state) {
  const std::int64_t last = state.last;
  ReflectorLanes next = first_reflector(q, state);
  for (std::int64_t begin = state.first; begin < last; begin += kDelay) {
    const std::int64_t end = begin + kDelay < last ? begin + kDelay : last, edge = end + 2 < last ? end + 2 : last;
    for (std::int64_t near = begin; near < end; near += kShortDelay) {
      const std::int64_t stop = near + kShortDelay < end ? near + kShortDelay : end;
      sweep_nearby(q, state, near, stop, next);
      sweep_afar(q, state, near, stop, begin, edge);
    }
    sweep_afar(q, state, begin, end, state.first, last);
  }
}

// h is destroyed. A lane that does not converge is reported and costs its neighbours time only.
static void qr_eigenvalues(const QrLanes& q) {
  constexpr int W = kEigenLanes;
  QrState state{};
  for (int l = 0; l < W; ++l) {
    state.high[l] = static_cast<double>(q.sizes[l] - 1);
    q.converged[l] = true;
  }
  Vec<double> size{};
  for (std::int64_t i = 0; i < q.n; ++i)
    for (std::int64_t j = i > 0 ? i - 1 : 0; j < q.n; ++j) {
      const Vec<double> x = absolute(load(element(q, i, j)));
      size = select<double>(x > size, x, size);
    }
  store(state.size, size);
  state.last = q.n - 1;
  while (state.last >= 0) {
    find_windows(q, state);
    state.last = -1;
    state.first = q.n;
    for (int l = 0; l < W; ++l) {
      take_eigenvalues(q, state, l);
      if (state.high[l] >= 0 && state.iterations[l] >= kMaxIterations) {
        q.converged[l] = false;
        state.high[l] = -1;
        state.low[l] = 1e9;
      }
      if (state.high[l] < 0) continue;
      choose_shifts(q, state, l);
      const auto low = static_cast<std::int64_t>(state.low[l]), high = static_cast<std::int64_t>(state.high[l]);
      state.first = low < state.first ? low : state.first;
      state.last = high > state.last ? high : state.last;
    }
    if (state.last >= 0) sweep(q, state);
  }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
