/* Fetches numbers from places between pixels, as ONNX's GridSample does. Whatever the places are, it reads
   within the pictures that it is given. */

#include "native.h"

enum { MOST_PLANES = 8 };

/* Numbers of all planes of a picture at one place; those of planes that it has not are 0. */
typedef float pixel __attribute__((vector_size(4 * MOST_PLANES), aligned(4)));

/* Puts planes side by side, a strip after the other. */
static void pack(const float *planes, int32_t count, int64_t size, float *restrict packed) {
  for (int64_t start = 0; start < size; start += STRIP) {
    int32_t length = (int32_t)(size - start < STRIP ? size - start : STRIP);
    for (int32_t plane = 0; plane < count; plane++) {
      const float *from = planes + plane * size + start;
      float *to = packed + start * MOST_PLANES + plane;
      for (int32_t i = 0; i < length; i++) to[i * MOST_PLANES] = from[i];
    }
  }
}

/* Fetches from places between pixels, as ONNX's GridSample does: linearly, and 0 beyond their rim.
   `places` are columns and rows, -1 to 1; what is fetched are planes again. */
INLINE void sample(const pixel *source, int32_t planes, int32_t columns, int32_t rows, const float *places,
                   int64_t count, float *out) {
  for (int64_t start = 0; start < count; start += STRIP) {
    int32_t length = (int32_t)(count - start < STRIP ? count - start : STRIP);
    int32_t at[STRIP], right[STRIP], below[STRIP];
    float share[4][STRIP];
    pixel found[STRIP];
    for (int32_t i = 0; i < length; i++) {
      const float *place = places + 2 * (start + i);
      float x = within(0.5f * ((place[0] + 1) * (float)columns - 1), -1.0f, (float)columns);
      float y = within(0.5f * ((place[1] + 1) * (float)rows - 1), -1.0f, (float)rows);
      int32_t column = (int32_t)(x + 1) - 1, row = (int32_t)(y + 1) - 1;
      float across = x - (float)column, down = y - (float)row;
      float here = column >= 0 && column < columns ? 1 - across : 0, next = column + 1 < columns ? across : 0;
      float above = row >= 0 && row < rows ? 1 - down : 0, under = row + 1 < rows ? down : 0;
      share[0][i] = above * here, share[1][i] = above * next;
      share[2][i] = under * here, share[3][i] = under * next;
      int32_t first = column < 0 ? 0 : column < columns ? column : columns - 1;
      int32_t top = row < 0 ? 0 : row < rows ? row : rows - 1;
      at[i] = top * columns + first;
      right[i] = column >= 0 && column + 1 < columns;
      below[i] = row >= 0 && row + 1 < rows ? columns : 0;
    }
    for (int32_t i = 0; i < length; i++) {
      const pixel *upper = source + at[i], *lower = upper + below[i];
      found[i] = upper[0] * share[0][i] + upper[right[i]] * share[1][i] + lower[0] * share[2][i] +
                 lower[right[i]] * share[3][i];
    }
    for (int32_t plane = 0; plane < planes; plane++)
      for (int32_t i = 0; i < length; i++) out[plane * count + start + i] = found[i][plane];
  }
}

WIDE static void wide_sample(const pixel *source, int32_t planes, int32_t columns, int32_t rows, const float *places,
            int64_t count, float *out) {
  sample(source, planes, columns, rows, places, count, out);
}

/* Packs pictures of so many planes, as `fetch_places` takes them. */
EXPORTED void pack_planes(const float *source, int32_t pictures, int32_t planes, int64_t size, float *packed) {
  for (int32_t k = 0; k < pictures; k++)
    pack(source + k * planes * size, planes, size, packed + k * size * MOST_PLANES);
}

/* Fetches from packed pictures of so many planes, each from `count` places of its own; see `sample`. */
EXPORTED void fetch_places(const float *packed, int32_t pictures, int32_t planes, int32_t columns, int32_t rows,
                           const float *places, int64_t count, float *out) {
  int64_t size = (int64_t)columns * rows;
  int32_t wide = width();
  for (int32_t k = 0; k < pictures; k++) {
    const pixel *source = (const pixel *)packed + k * size;
    if (wide)
      wide_sample(source, planes, columns, rows, places + 2 * k * count, count, out + k * planes * count);
    else
      sample(source, planes, columns, rows, places + 2 * k * count, count, out + k * planes * count);
  }
}
