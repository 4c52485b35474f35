/* What the native code of this folder shares. It uses no library. */

#include <stdint.h>

#ifdef _WIN32
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED
#endif

/* Into each of the functions that are compiled for other processors. */
#define INLINE static inline __attribute__((always_inline))

/* Numbers that are worked on together: registers hold them, and little is drawn beside what changes. */
enum { STRIP = 16 };

INLINE float within(float value, float least, float most) {
  /* NaN becomes the least. */
  value = value > least ? value : least;
  return value < most ? value : most;
}

#ifdef __x86_64__
#include <cpuid.h>

/* For processors with vectors of eight numbers, and of sixteen. */
#define WIDE __attribute__((target("avx,avx2,fma,bmi,bmi2")))
#define WIDEST __attribute__((target("avx,avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512dq,avx512vl")))

/* What the processor and the system know: 1 for vectors of eight numbers, AVX2 and FMA; 2 for vectors of
   sixteen, too, where these slow nothing down: processors with VBMI2. */
static inline int32_t ask_width(void) {
  const uint32_t all = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  uint32_t a, b, c, d, low, high;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_FMA) || !(c & bit_OSXSAVE)) return 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 6) != 6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2)) return 0;
  return (low & 0xe6) == 0xe6 && (b & all) == all && c & bit_AVX512VBMI2 ? 2 : 1;
}

/* The same, asked once: on a virtual machine each question goes to what runs that. */
static inline int32_t width(void) {
  static int32_t width = -1;
  int32_t known = __atomic_load_n(&width, __ATOMIC_RELAXED);
  if (known < 0) __atomic_store_n(&width, known = ask_width(), __ATOMIC_RELAXED);
  return known;
}
#else
#define WIDE
#define WIDEST
static inline int32_t width(void) { return 0; }
#endif
