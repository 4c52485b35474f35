/* Lays a figure, where a head has carried it, over the wall behind it: a picture of video, I420.

   It computes what the end of a persona file computes (composition.py says how a file tells it), in
   one pass over blocks of 2 x 2 pixels: a row of blocks at a time, in strips that stay in a
   processor's first cache. It uses no library. Whatever the numbers are, NaN and infinity included,
   it reads and writes within the planes that it is given. */

#include "native.h"

enum { LUMAS = 4, CHROMA = 2, RING = 3, MOST_ROWS = 2048 };

static const float NEAR = 8.0f; /* Pixels; what is laid over may show so far from a cell's corner. */

static const float GREY = 128.0f; /* The code of chroma without colour. */

/* What a picture is made of. The same fields, in the same order, as Picture of compositor.py. */
struct picture {
  int32_t columns, rows;         /* Blocks of 2 x 2 pixels. */
  const uint32_t *near;          /* Texels: four lumas of a block that comes from a pixel, */
  int32_t near_columns, near_rows;
  const uint32_t *smooth;        /* and for each block chroma, cover, and luma of the wall in it. */
  int32_t smooth_columns;
  const uint16_t *wall_luma;     /* Two pixels beside each other, the left one low; */
  const uint8_t *wall_chroma;    /* two planes. */
  float black;                   /* The code of luma that light leaves as it is. */
  float narrower;                /* How much closer two pixels of a block may come from. */
  int32_t sharpened;             /* Whether luma stays as sharp as it was where it moves. */
  int32_t over_left, over_top;   /* Pixels of what is laid over the figure. */
  int32_t over_columns, over_rows, over_planes;
};

/* What changes from picture to picture. The same fields as Values of compositor.py; planes of
   floats, known for cells of 4 x 4 pixels unless it is said, and null where there are none. */
struct values {
  const float *motion;           /* Where blocks come from: columns, then rows, in pixels. */
  const float *gain, *light;     /* Light: a share of luma; luma and chroma twice. */
  const float *over_motion;      /* Where what is laid over comes from; it may be `motion` itself. */
  const float *over_luma;        /* For pixels, with one more to the right and below. */
  const float *over_more;        /* For blocks, with one more: chroma twice, and the share where it covers. */
};

/* Whether what is laid over the figure moves otherwise than it. */
INLINE int32_t moves_alone(const struct values *values) {
  return values->over_motion && values->over_motion != values->motion;
}

/* A part of the picture, in blocks. */
struct region {
  int32_t left, top, right, bottom;
};

/* Rows of blocks, with one more before the first and after the last. */
struct rows {
  float *cells; /* What `finer` works on. */
  float *across, *down, *gain, *light[1 + CHROMA], *over_across, *over_down;
  float *luma[RING][LUMAS], *soft[RING];
};

INLINE float between(float one, float other, float part) { return one + (other - one) * part; }

INLINE uint8_t code(float value) {
  return (uint8_t)(int32_t)__builtin_rintf(within(value, 0.0f, 255.0f));
}

INLINE float byte_of(uint32_t texel, int32_t plane) {
  return (float)(int32_t)(texel >> 8 * plane & 255);
}

/* Blocks or cells of a row, from the first to the one before the last; none where these are the same. */
struct span {
  int32_t first, last;
};

INLINE struct span both(struct span one, struct span other) {
  if (other.first >= other.last) return one;
  if (one.first >= one.last) return other;
  return (struct span){one.first < other.first ? one.first : other.first,
                       one.last > other.last ? one.last : other.last};
}

INLINE struct span shared(struct span one, int32_t first, int32_t last) {
  return (struct span){one.first > first ? one.first : first, one.last < last ? one.last : last};
}

/* Some blocks of a row, and at least one to either side, of a plane that is known for cells, linearly
   between these. */
INLINE void finer(const struct picture *picture, const float *plane, int32_t row, struct span blocks,
                  float *restrict cells, float *restrict out) {
  int32_t columns = picture->columns / 2, last = picture->rows / 2 - 1;
  int32_t here = row / 2, beside = here + (row % 2 ? 1 : -1);
  beside = beside < 0 ? 0 : beside < last ? beside : last;
  const float *one = plane + (int64_t)here * columns, *two = plane + (int64_t)beside * columns;
  struct span known = {blocks.first / 2 - 1, (blocks.last + 1) / 2 + 1};
  struct span near = shared((struct span){known.first - 1, known.last + 1}, 0, columns);
  known = shared(known, 0, columns);
  for (int32_t i = near.first; i < near.last; i++) cells[i] = 0.75f * one[i] + 0.25f * two[i];
  cells[-1] = cells[0];
  cells[columns] = cells[columns - 1];
  for (int32_t i = known.first; i < known.last; i++) {
    out[2 * i] = 0.75f * cells[i] + 0.25f * cells[i - 1];
    out[2 * i + 1] = 0.75f * cells[i] + 0.25f * cells[i + 1];
  }
  out[-1] = out[0];
  out[2 * columns] = out[2 * columns - 1];
}

/* Where a strip of blocks comes from: texels, and how far it is to the next ones. */
struct places {
  int32_t column[STRIP], row[STRIP];
  float right[STRIP], below[STRIP];
};

INLINE void find(const float *restrict across, const float *restrict down, int32_t column, int32_t row,
                 int32_t columns, int32_t rows, struct places *restrict at) {
  for (int32_t i = 0; i < STRIP; i++) {
    float x = within(across[i] + (float)(column + 2 * i), 0.0f, (float)(columns - 1));
    float y = within(down[i] + (float)row, 0.0f, (float)(rows - 1));
    int32_t left = (int32_t)x, top = (int32_t)y;
    at->column[i] = left = left < columns - 2 ? left : columns - 2;
    at->row[i] = top = top < rows - 2 ? top : rows - 2;
    at->right[i] = x - (float)left;
    at->below[i] = y - (float)top;
  }
}

/* The same places among blocks, of which there is one for every second pixel. */
INLINE void halve(struct places *at) {
  for (int32_t i = 0; i < STRIP; i++) {
    at->right[i] = 0.5f * (at->right[i] + (float)(at->column[i] & 1));
    at->below[i] = 0.5f * (at->below[i] + (float)(at->row[i] & 1));
    at->column[i] /= 2;
    at->row[i] /= 2;
  }
}

/* The four numbers of 32 bits around each place: two of a row, and two of that below. */
INLINE void fetch(const void *numbers, int32_t columns, const struct places *at,
                  uint32_t found[4][STRIP]) {
  int32_t offset[STRIP];
  uint64_t upper[STRIP], lower[STRIP]; /* Two numbers, the left one low. */
  for (int32_t i = 0; i < STRIP; i++) offset[i] = at->row[i] * columns + at->column[i];
#pragma clang loop vectorize(disable)
  for (int32_t i = 0; i < STRIP; i++) {
    const uint32_t *from = (const uint32_t *)numbers + offset[i];
    __builtin_memcpy(upper + i, from, 8);
    __builtin_memcpy(lower + i, from + columns, 8);
  }
  for (int32_t i = 0; i < STRIP; i++) {
    found[0][i] = (uint32_t)upper[i];
    found[1][i] = (uint32_t)(upper[i] >> 32);
    found[2][i] = (uint32_t)lower[i];
    found[3][i] = (uint32_t)(lower[i] >> 32);
  }
}

INLINE float mixed(uint32_t texel[4][STRIP], int32_t i, int32_t plane, float right, float below) {
  float upper = between(byte_of(texel[0][i], plane), byte_of(texel[1][i], plane), right);
  float lower = between(byte_of(texel[2][i], plane), byte_of(texel[3][i], plane), right);
  return between(upper, lower, below);
}

/* A strip of blocks: four lumas, chroma twice, and how much of it the figure covers. */
struct strip {
  float luma[LUMAS][STRIP], chroma[CHROMA][STRIP], cover[STRIP];
};

/* The figure as it is lit, before the wall. */
INLINE void figure(const struct picture *picture, const struct rows *rows, int32_t first, int32_t row,
                   struct strip *restrict strip) {
  struct places at;
  uint32_t texel[4][STRIP];
  const float *across = rows->across + first, *gain = rows->gain + first;
  /* The last block has a pixel more to the right and below. */
  find(across, rows->down + first, 2 * first, 2 * row, picture->near_columns - 1, picture->near_rows - 1,
       &at);
  fetch(picture->near, picture->near_columns, &at, texel);
  for (int32_t plane = 0; plane < LUMAS; plane++)
    for (int32_t i = 0; i < STRIP; i++) {
      float closer = 0.125f * within(across[i + 1] - across[i - 1], -4 * picture->narrower, 0.0f);
      float right = at.right[i] + (plane % 2 ? closer : -closer);
      strip->luma[plane][i] = mixed(texel, i, plane, right, at.below[i]);
    }
  halve(&at);
  fetch(picture->smooth, picture->smooth_columns, &at, texel);
  float there[STRIP];
  for (int32_t i = 0; i < STRIP; i++) {
    strip->cover[i] = mixed(texel, i, CHROMA, at.right[i], at.below[i]) * (1.0f / 255);
    there[i] = mixed(texel, i, CHROMA + 1, at.right[i], at.below[i]) + picture->black;
  }
  const uint16_t *wall = picture->wall_luma + (int64_t)row * 2 * picture->columns + first;
  for (int32_t plane = 0; plane < LUMAS; plane++)
    for (int32_t i = 0; i < STRIP; i++) {
      float behind = byte_of(wall[plane / 2 * picture->columns + i], plane % 2) - there[i];
      float own = (strip->luma[plane][i] - picture->black) * (1.0f + gain[i]) + picture->black;
      strip->luma[plane][i] = own + rows->light[0][first + i] + behind * (1.0f - strip->cover[i]);
    }
  const uint8_t *tints = picture->wall_chroma + (int64_t)row * picture->columns + first;
  for (int32_t plane = 0; plane < CHROMA; plane++)
    for (int32_t i = 0; i < STRIP; i++) {
      float own = mixed(texel, i, plane, at.right[i], at.below[i]);
      float behind = (float)tints[(int64_t)plane * picture->columns * picture->rows + i] - 128.0f;
      strip->chroma[plane][i] = own + rows->light[1 + plane][first + i] + behind * (1.0f - strip->cover[i]);
    }
}

/* What interpolation takes from luma where it comes from between pixels: sharpness.py. */
INLINE float lost(float across, float down) {
  float right = across - __builtin_floorf(across), below = down - __builtin_floorf(down);
  return right * (1.0f - right) + below * (1.0f - below);
}

/* What is added to that where pixels come from further apart, from -1 to 0: it blurs. */
INLINE float crowded(float slope) { return within((0.1f - slope) * 1.5f, -1.0f, 0.0f); }

INLINE float number(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/* A plane of what is laid over a strip. */
INLINE void lay(const float *plane, int32_t columns, const struct places *at, const float *inside,
                float *restrict found) {
  uint32_t around[4][STRIP];
  fetch(plane, columns, at, around);
  for (int32_t i = 0; i < STRIP; i++) {
    float upper = between(number(around[0][i]), number(around[1][i]), at->right[i]);
    float lower = between(number(around[2][i]), number(around[3][i]), at->right[i]);
    found[i] = between(upper, lower, at->below[i]) * inside[i];
  }
}

/* Lays over a strip what a face adds to it or covers it with; outside of its pixels that is nothing. */
INLINE void overlay(const struct picture *picture, const struct values *values, const struct rows *rows,
                    int32_t first, int32_t row, struct strip *restrict strip, float *restrict soft) {
  int32_t columns = picture->over_columns, height = picture->over_rows;
  const float *across = rows->over_across + first, *down = rows->over_down + first;
  float inside[STRIP];
  int32_t any = 0;
  for (int32_t i = 0; i < STRIP; i++) {
    float x = across[i] + (float)(2 * (first + i) - picture->over_left);
    float y = down[i] + (float)(2 * row - picture->over_top);
    inside[i] = within(x + 1, 0.0f, 1.0f) * within((float)columns - x, 0.0f, 1.0f) *
                within(y + 1, 0.0f, 1.0f) * within((float)height - y, 0.0f, 1.0f);
    any |= inside[i] > 0.0f;
  }
  if (!any) return;
  struct places at;
  find(across, down, 2 * first - picture->over_left, 2 * row - picture->over_top, columns, height, &at);
  float found[LUMAS + CHROMA + 1][STRIP];
  for (int32_t k = 0; k < LUMAS; k++)
    lay(values->over_luma + k / 2 * (columns + 1) + k % 2, columns + 1, &at, inside, found[k]);
  halve(&at);
  int32_t across_more = columns / 2 + 1;
  for (int32_t k = 0; k < picture->over_planes; k++)
    lay(values->over_more + (int64_t)k * across_more * (height / 2 + 1), across_more, &at, inside,
        found[LUMAS + k]);
  int32_t covers = picture->over_planes > CHROMA;
  for (int32_t k = 0; k < LUMAS + CHROMA; k++)
    for (int32_t i = 0; i < STRIP; i++) {
      float *to = k < LUMAS ? &strip->luma[k][i] : &strip->chroma[k - LUMAS][i];
      float own = *to - (k < LUMAS ? picture->black : GREY);
      *to += covers ? (found[k][i] - own) * found[LUMAS + CHROMA][i] : found[k][i];
    }
  if (covers)
    for (int32_t i = 0; i < STRIP; i++)
      soft[i] = between(soft[i], lost(across[i], down[i]), found[LUMAS + CHROMA][i]);
}

/* Draws some blocks of a row of a region: luma into the ring, chroma into the frame. */
INLINE void draw(const struct picture *picture, const struct values *values, const struct rows *rows,
                 struct span span, const struct region *region, int32_t row, uint8_t *frame) {
  if (span.first >= span.last) return;
  int64_t cells = (int64_t)picture->columns / 2 * (picture->rows / 2);
  int64_t blocks = (int64_t)picture->columns * picture->rows;
  /* Whole strips are drawn; the last one ends with the picture, and draws some blocks once more. */
  int32_t last = span.first + (span.last - span.first + STRIP - 1) / STRIP * STRIP;
  int32_t rim = picture->columns - STRIP;
  struct span strips = shared((struct span){span.first < rim ? span.first : rim, last}, 0, picture->columns);
  const float *gain = values->gain, *light = values->light, *over = values->over_motion;
  finer(picture, values->motion, row, strips, rows->cells, rows->across);
  finer(picture, values->motion + cells, row, strips, rows->cells, rows->down);
  if (gain) finer(picture, gain, row, strips, rows->cells, rows->gain);
  for (int32_t k = 0; light && k < 1 + CHROMA; k++)
    finer(picture, light + k * cells, row, strips, rows->cells, rows->light[k]);
  if (moves_alone(values)) {
    finer(picture, over, row, strips, rows->cells, rows->over_across);
    finer(picture, over + cells, row, strips, rows->cells, rows->over_down);
  }
  for (int32_t left = strips.first; left < strips.last; left += STRIP) {
    int32_t first = left < rim ? left : rim;
    struct strip strip;
    float soft[STRIP];
    figure(picture, rows, first, row, &strip);
    for (int32_t i = 0; i < STRIP; i++)
      soft[i] = lost(rows->across[first + i], rows->down[first + i]) * strip.cover[i] +
                crowded(0.25f * (rows->across[first + i + 1] - rows->across[first + i - 1]));
    if (over) overlay(picture, values, rows, first, row, &strip, soft);
    for (int32_t i = 0; i < STRIP; i++) {
      for (int32_t k = 0; k < LUMAS; k++) rows->luma[row % RING][k][first + i] = strip.luma[k][i];
      rows->soft[row % RING][first + i] = soft[i];
    }
    uint8_t *to = frame + 4 * blocks + (int64_t)row * picture->columns + first;
    for (int32_t k = 0; k < CHROMA; k++)
      for (int32_t i = 0; i < STRIP; i++) to[k * blocks + i] = code(strip.chroma[k][i]);
  }
  for (int32_t k = 0; k < LUMAS; k++) {
    float *luma = rows->luma[row % RING][k];
    luma[region->left - 1] = luma[region->left];
    luma[region->right] = luma[region->right - 1];
  }
}

/* A pixel's luma with what interpolation took: what it has more than the four at its corners. */
INLINE float regained(const float *own, const float *upper, const float *lower, float soft) {
  static const float SHARE = 0.66f, MOST = 6.0f; /* sharpness.py */
  float mean = 0.25f * (upper[0] + upper[1] + lower[0] + lower[1]);
  float most = MOST + 255.0f * within(-soft, 0.0f, 1.0f);
  return *own + within((*own - mean) * soft * SHARE, -most, most);
}

/* Writes luma of some blocks of a row. */
INLINE void write(const struct picture *picture, const struct rows *rows, struct span span, int32_t row,
                  int32_t sharpened, uint8_t *frame) {
  float *const *above = rows->luma[(row + RING - 1) % RING], *const *own = rows->luma[row % RING];
  float *const *under = rows->luma[(row + 1) % RING];
  const float *soft = rows->soft[row % RING];
  for (int32_t line = 0; line < 2; line++) {
    uint16_t *pixels = (uint16_t *)frame + ((int64_t)row * 2 + line) * picture->columns;
    const float *left = own[2 * line], *right = own[2 * line + 1];
    /* Pixels at a corner are the opposite ones of blocks, in two rows and two columns of these. */
    float *const *upper = line ? own : above, *const *lower = line ? under : own;
    const float *before[] = {upper[3 - 2 * line] - 1, lower[3 - 2 * line] - 1};
    const float *after[] = {upper[2 - 2 * line], lower[2 - 2 * line]};
    if (sharpened)
      for (int32_t i = span.first; i < span.last; i++) {
        uint16_t first = code(regained(left + i, before[0] + i, before[1] + i, soft[i]));
        uint16_t second = code(regained(right + i, after[0] + i, after[1] + i, soft[i]));
        pixels[i] = (uint16_t)(first | second << 8);
      }
    else
      for (int32_t i = span.first; i < span.last; i++)
        pixels[i] = (uint16_t)(code(left[i]) | code(right[i]) << 8);
  }
}

/* Keeps a row of cells, and widens `cells` to those that are others than before. */
INLINE struct span keep(float *restrict kept, const float *restrict now, int32_t count, struct span cells) {
  int32_t others = 0, first = 0, last = count;
  for (int32_t i = 0; i < count; i++) others |= kept[i] != now[i];
  if (!others) return cells;
  while (kept[first] == now[first]) first++;
  while (kept[last - 1] == now[last - 1]) last--;
  for (int32_t i = first; i < last; i++) kept[i] = now[i];
  return both(cells, (struct span){first, last});
}

/* Cells of a row over which something may be laid. */
INLINE struct span covered(const struct picture *picture, const float *across, const float *down, int32_t row,
                           int32_t count) {
  int32_t first = count, last = 0;
  for (int32_t i = 0; i < count; i++) {
    float x = across[i] + (float)(4 * i - picture->over_left);
    float y = down[i] + (float)(4 * row - picture->over_top);
    int32_t inside = x > -NEAR && x < (float)picture->over_columns + NEAR && y > -NEAR &&
                     y < (float)picture->over_rows + NEAR;
    first = inside && i < first ? i : first;
    last = inside && i + 1 > last ? i + 1 : last;
  }
  return (struct span){first, last};
}

/* Which blocks of each row are others than in the last picture: where motion or light of a cell near
   them is, or where something is laid over them. `kept` has what they were. */
INLINE void changed(const struct picture *picture, const struct values *values, float *kept, int32_t anew,
                    struct span *rows) {
  int32_t columns = picture->columns / 2, count = picture->rows / 2;
  int64_t cells = (int64_t)columns * count;
  const float *over = values->over_motion;
  const float *planes[] = {values->motion, values->gain, values->light, moves_alone(values) ? over : 0};
  const int32_t many[] = {2, 1, 1 + CHROMA, 2};
  for (int32_t row = 0; row < picture->rows; row++) rows[row] = (struct span){0, 0};
  for (int32_t cell = 0; cell < count; cell++) {
    int64_t at = (int64_t)cell * columns;
    struct span other = {0, anew ? columns : 0};
    float *was = kept + at;
    for (int32_t k = 0; k < 4; k++)
      for (int32_t plane = 0; plane < many[k]; plane++, was += cells)
        if (planes[k]) other = keep(was, planes[k] + plane * cells + at, columns, other);
    if (over) other = both(other, covered(picture, over + at, over + cells + at, cell, columns));
    struct span blocks = {2 * other.first - 2, 2 * other.last + 2};
    for (int32_t row = 2 * cell - 2; other.first < other.last && row < 2 * cell + 4; row++)
      if (row >= 0 && row < picture->rows) rows[row] = both(rows[row], shared(blocks, 0, picture->columns));
  }
}

/* The blocks and those beside them. */
INLINE void widen(const struct picture *picture, struct span *rows) {
  struct span before = {0, 0};
  for (int32_t row = 0; row < picture->rows; row++) {
    struct span here = rows[row], near = both(here, before);
    if (row + 1 < picture->rows) near = both(near, rows[row + 1]);
    if (near.first < near.last)
      rows[row] = shared((struct span){near.first - 1, near.last + 1}, 0, picture->columns);
    before = here;
  }
}

INLINE void regions_of(const struct picture *picture, const struct values *values,
                       const struct region *regions, int32_t count, float *memory, uint8_t *frame) {
  struct rows rows;
  float **each[] = {&rows.cells, &rows.across, &rows.down, &rows.gain, rows.light, rows.light + 1,
                    rows.light + 2, &rows.over_across, &rows.over_down};
  int64_t length = picture->columns + 2;
  float *next = memory + 2;
  for (uint32_t k = 0; k < sizeof each / sizeof *each; k++, next += length) *each[k] = next;
  if (!moves_alone(values)) rows.over_across = rows.across, rows.over_down = rows.down;
  for (int32_t at = 0; at < RING; at++) {
    for (int32_t k = 0; k < LUMAS; k++, next += length) rows.luma[at][k] = next;
    rows.soft[at] = next;
    next += length;
  }
  struct span written[MOST_ROWS], drawn[MOST_ROWS];
  changed(picture, values, next, memory[0] == 0.0f, written);
  memory[0] = 1.0f;
  if (picture->sharpened) widen(picture, written);
  for (int32_t row = 0; row < picture->rows; row++) drawn[row] = written[row];
  if (picture->sharpened) widen(picture, drawn);
  for (const struct region *region = regions; region < regions + count; region++)
    for (int32_t row = region->top; row <= region->bottom; row++) {
      if (row < region->bottom)
        draw(picture, values, &rows, shared(drawn[row], region->left, region->right), region, row, frame);
      int32_t whole = picture->sharpened && row > region->top + 1 && row < region->bottom;
      if (row > region->top)
        write(picture, &rows, shared(written[row - 1], region->left, region->right), row - 1, whole, frame);
    }
}

WIDE static void wide_regions_of(const struct picture *picture, const struct values *values, const struct region *regions,
                int32_t count, float *memory, uint8_t *frame) {
  regions_of(picture, values, regions, count, memory, frame);
}

WIDEST static void widest_regions_of(const struct picture *picture, const struct values *values,
                                     const struct region *regions, int32_t count, float *memory,
                                     uint8_t *frame) {
  regions_of(picture, values, regions, count, memory, frame);
}

/* Draws the regions of a frame: bytes, [rows * 3, columns * 2]; what is as in the last one, and the
   rest of it, stays as it is.

   `memory` has room for `compose_floats` numbers, which are 0 before the first picture. */
EXPORTED void compose(const struct picture *picture, const struct values *values,
                      const struct region *regions, int32_t count, float *memory, uint8_t *frame) {
  int32_t wide = width();
  if (wide > 1)
    widest_regions_of(picture, values, regions, count, memory, frame);
  else if (wide)
    wide_regions_of(picture, values, regions, count, memory, frame);
  else
    regions_of(picture, values, regions, count, memory, frame);
}

/* How many numbers `compose` needs as memory for a picture of so many blocks. */
EXPORTED int64_t compose_floats(int32_t columns, int32_t rows) {
  int64_t kept = 2 + 1 + 1 + CHROMA + 2, lines = 6 + CHROMA + 1 + RING * (LUMAS + 1);
  return 2 + lines * (columns + 2) + kept * (columns / 2) * (rows / 2);
}
