#include "isa.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace pyrnnsim {
namespace {

#define PYRNNSIM_ISA_VALUE(isa) Isa::isa,
constexpr Isa kBuilt[] = {PYRNNSIM_FOR_EACH_ISA(PYRNNSIM_ISA_VALUE)};

#if defined(__x86_64__)
struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(unsigned leaf) {
  Registers r;
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);  // leaves zeros where the processor lacks the leaf
  return r;
}

constexpr bool all_set(unsigned word, unsigned mask) { return (word & mask) == mask; }

// Which register files the operating system saves on a context switch.
unsigned enabled_state() {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// CPUID and XGETBV by hand: __builtin_cpu_supports() is known to answer no to everything under some compilers.
Isa widest() {
  const Registers basic = cpuid(1), structured = cpuid(7), extended = cpuid(0x80000001);
  if (!all_set(basic.ecx, bit_OSXSAVE)) return Isa::base;
  const unsigned state = enabled_state();
  constexpr unsigned kYmm = 0x06, kZmm = 0xe6;
  const bool v3 = all_set(state, kYmm) && all_set(basic.ecx, bit_FMA | bit_MOVBE | bit_F16C | bit_AVX) &&
                  all_set(structured.ebx, bit_BMI | bit_AVX2 | bit_BMI2) && all_set(extended.ecx, bit_LZCNT);
  if (!v3) return Isa::base;
  const bool v4 = all_set(state, kZmm) &&
                  all_set(structured.ebx, bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL);
  return v4 ? Isa::avx512 : Isa::avx2;
}
#else
Isa widest() { return Isa::base; }
#endif

std::string listed(const std::vector<Isa>& isas) {
  std::string text;
  for (const Isa isa : isas) text += (text.empty() ? "" : ", ") + std::string(name(isa));
  return text;
}

Isa decide() {
  const std::vector<Isa> available = available_isas();
  const char* wanted = std::getenv("PYRNNSIM_ISA");
  if (wanted == nullptr || *wanted == '\0') return available.back();
  for (const Isa isa : available)
    if (name(isa) == std::string(wanted)) return isa;
  throw std::runtime_error("the environment variable PYRNNSIM_ISA is '" + std::string(wanted) +
                           "', but this build on this machine offers: " + listed(available) +
                           "; unset it to use the widest");
}

}  // namespace

const char* name(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    default:
      return "base";
  }
}

std::vector<Isa> built_isas() { return {std::begin(kBuilt), std::end(kBuilt)}; }

std::vector<Isa> available_isas() {
  std::vector<Isa> isas = built_isas();
  const Isa limit = widest();
  isas.erase(std::remove_if(isas.begin(), isas.end(), [&](Isa isa) { return isa > limit; }), isas.end());
  return isas;
}

Isa chosen_isa() {
  static const Isa chosen = decide();
  return chosen;
}

}  // namespace pyrnnsim
