// Gradients of the parameters, one time step at a time: each step's sum over trials starts from zero in the registers and
// is then added, which keeps float32 as accurate as pairwise summation would.
#pragma once
#include "time_steps.hpp"

namespace pyrnnsim::PYRNNSIM_ISA {

// Sums in the layout that the products write; `collect` moves them into the shape of the parameters.
template <class T>
struct GradientSums {
  T* w_rec;   // (gates, units, width)
  T* inputs;  // (gates, inputs + 1, width): U^T, b
  T* b_rec;   // (width,): of the candidate of gru_after
  T* w_out;   // (outputs, states, width)
  std::int64_t count;

  GradientSums(Arena& arena, const Layout<T>& a) {
    const std::int64_t recurrent = a.gates * a.units, rows = recurrent + a.gates * a.x_row + 1 + a.outputs * a.states;
    count = rows * a.width;
    w_rec = arena.take<T>(count);
    inputs = w_rec + recurrent * a.width;
    b_rec = inputs + a.gates * a.x_row * a.width;
    w_out = b_rec + a.width;
  }
};

// Adds one step. The planes are those of BackwardStep; x are the step's rows [x, 1].
template <class P, class T>
static void add_step_gradients(P, const Layout<T>& a, const BackwardStep<T>& s, const T* x,
                               const GradientSums<T>& sums) {
  const T* h = s.before + P::kHidden * a.plane;
  for (std::int64_t j = 0; j < a.units; j += kPanel<T>) {
    const std::int64_t vectors = a.vectors(j);
    for (std::int64_t gate = 0; gate < a.gates; ++gate) {
      const std::int64_t plane = P::kKind == CellKind::gru_after && gate == 0 ? 3 : gate;
      const T* seen =
          P::kKind == CellKind::gru && gate == 0 ? s.now + 4 * a.plane : h;  // what this gate's W multiplied
      const Operand<T> to{s.delta + plane * a.plane, 1, a.row, a.trials}, input{x, 1, a.x_row, a.trials};
      multiply<T>({{to}, 1, seen + j, a.row, sums.w_rec + gate * a.units * a.width + j, a.width, true}, a.units,
                  vectors);
      multiply<T>(
          {{input}, 1, s.delta + gate * a.plane + j, a.row, sums.inputs + gate * a.x_row * a.width + j, a.width, true},
          a.x_row, vectors);
    }
    if (a.second_bias) {
      const Operand<T> unit{x + a.inputs, 1, a.x_row, a.trials};
      multiply<T>({{unit}, 1, s.delta + 3 * a.plane + j, a.row, sums.b_rec + j, a.width, true}, 1, vectors);
    }
    for (std::int64_t state = 0; s.errors && state < a.states; ++state) {
      const Operand<T> error{s.errors, 1, a.outputs, a.trials};
      multiply<T>(
          {{error}, 1, s.now + state * a.plane + j, a.row, sums.w_out + state * a.width + j, a.states * a.width, true},
          a.outputs, vectors);
    }
  }
}

// The sums as gradients of the parameters' shapes. h0 and b_out are not among them.
template <class T>
static void collect(const Layout<T>& a, const GradientSums<T>& sums, const Parameters<T>& out) {
  for (std::int64_t i = 0; i < a.gates * a.units; ++i) copy(sums.w_rec + i * a.width, a.units, out.w_rec + i * a.units);
  for (std::int64_t gate = 0; gate < a.gates; ++gate) {
    const T* rows = sums.inputs + gate * a.x_row * a.width;
    for (std::int64_t m = 0; m < a.inputs; ++m)
      for (std::int64_t n = 0; n < a.units; ++n) out.w_in[(gate * a.units + n) * a.inputs + m] = rows[m * a.width + n];
    copy(rows + a.inputs * a.width, a.units, out.b + gate * a.units);
    if (a.second_bias) copy(gate == 0 ? sums.b_rec : rows + a.inputs * a.width, a.units, out.b_rec + gate * a.units);
  }
  for (std::int64_t o = 0; out.w_out && o < a.outputs * a.states; ++o)
    copy(sums.w_out + o * a.width, a.units, out.w_out + o * a.units);
}

// Sum over trials of the gradient of the initial states, in double.
template <class T>
static void sum_initial(const Layout<T>& a, const T* grad, T* h0) {
  for (std::int64_t state = 0; state < a.states; ++state)
    for (std::int64_t n = 0; n < a.units; ++n) {
      double sum = 0;
      for (std::int64_t b = 0; b < a.trials; ++b) sum += static_cast<double>(grad[state * a.plane + b * a.row + n]);
      h0[state * a.units + n] = static_cast<T>(sum);
    }
}

}  // namespace pyrnnsim::PYRNNSIM_ISA
