// Which instruction set the kernels run on.
//
// Every kernel source is compiled once per instruction set into the namespace pyrnnsim::<isa>; one copy is chosen when
// the extension is imported. The environment variable PYRNNSIM_ISA overrides the choice, so that one machine can test
// every copy it is able to run.
#pragma once
#include <vector>

// PYRNNSIM_FOR_EACH_ISA(declare) expands declare(isa) for every compiled copy. PYRNNSIM_CHOSEN(type, symbol), used inside
// namespace pyrnnsim, is the chosen copy of a function or object; `type` picks among overloads.
#if defined(__x86_64__)
#define PYRNNSIM_FOR_EACH_ISA(use) use(base) use(avx2) use(avx512)
#define PYRNNSIM_CHOSEN(type, symbol) ::pyrnnsim::choose<type>(base::symbol, avx2::symbol, avx512::symbol)
#else
#define PYRNNSIM_FOR_EACH_ISA(use) use(base)
#define PYRNNSIM_CHOSEN(type, symbol) ::pyrnnsim::choose<type>(base::symbol)
#endif

namespace pyrnnsim {

enum class Isa { base, avx2, avx512 };

const char* name(Isa isa);

std::vector<Isa> built_isas();      // compiled into this extension, narrowest first
std::vector<Isa> available_isas();  // of these, what this processor and operating system can run

// The widest available one, or what PYRNNSIM_ISA asks for. Decided at the first successful call and never changed.
// Throws std::runtime_error when PYRNNSIM_ISA names something unknown or unavailable.
Isa chosen_isa();

template <class Symbol>
const Symbol& choose(const Symbol& base) {
  return base;
}
template <class Symbol>
const Symbol& choose(const Symbol& base, const Symbol& avx2, const Symbol& avx512) {
  const Isa isa = chosen_isa();
  return isa == Isa::avx512 ? avx512 : isa == Isa::avx2 ? avx2 : base;
}

}  // namespace pyrnnsim
