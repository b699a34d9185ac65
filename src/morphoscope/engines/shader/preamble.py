"""The parts of a shader's text that are the same for all models.

A texel holds ``PACKED`` neighbouring cells of a row: four of a model with one species, two of a model with two. Their
values are computed together, as the type ``real``: ``float``, ``vec2`` or ``vec4``. Per cell, this needs half to a
quarter of the reads, which take most of the time where a processor emulates graphics.
"""

from __future__ import annotations

PREAMBLE = """\
// Defined before this text: PACKED (1, 2 or 4); STENCIL (9 or 5); BOUNDARY_X, BOUNDARY_Y (0 periodic, 1 no-flux,
// 2 dirichlet); RAMPS, if a parameter varies along an axis.
precision highp float;
precision highp int;
precision highp sampler2D;
#if PACKED == 4
#define real vec4
#define CHANNEL0(t) (t)
#define TEXEL(a, b, c, d) vec4(a)
#define WEST(l, c) vec4((l).w, (c).xyz)
#define EAST(c, r) vec4((c).yzw, (r).x)
#define FIRST(v) (v).x
#define LAST(v) (v).w
#define ALONG(x) (4.0*(x) + vec4(0.0, 1.0, 2.0, 3.0))
#elif PACKED == 2
#define real vec2
#define CHANNEL0(t) (t).xy
#define CHANNEL1(t) (t).zw
#define TEXEL(a, b, c, d) vec4(a, b)
#define WEST(l, c) vec2((l).y, (c).x)
#define EAST(c, r) vec2((c).y, (r).x)
#define FIRST(v) (v).x
#define LAST(v) (v).y
#define ALONG(x) (2.0*(x) + vec2(0.0, 1.0))
#else
#define real float
#define CHANNEL0(t) (t).x
#define CHANNEL1(t) (t).y
#define CHANNEL2(t) (t).z
#define CHANNEL3(t) (t).w
#define TEXEL(a, b, c, d) vec4(a, b, c, d)
#define WEST(l, c) (l)
#define EAST(c, r) (r)
#define FIRST(v) (v)
#define LAST(v) (v)
#define ALONG(x) (x)
#endif
#ifdef RAMPS
#define value_of_parameter real
#define PARAMETER(i) (parameter[i].x + parameter[i].y*at_x + parameter[i].z*at_y)
#else
#define value_of_parameter float
#define PARAMETER(i) parameter[i].x
#endif
uniform float dt;
uniform float spacing;
out vec4 result;
float power(float x, int n) {
  float found = 1.0;
  for (; n > 0; n >>= 1) {
    if ((n & 1) == 1) found *= x;
    x *= x;
  }
  return found;
}
float power(float x, float y) {
  if (y == 0.0) return 1.0;
  if (x >= 0.0) return x == 0.0 && y < 0.0 ? 1.0/x : pow(x, y);
  float size = pow(-x, y);
  return fract(y) != 0.0 ? sqrt(x) : mod(y, 2.0) == 0.0 ? size : -size;
}
#if PACKED == 4
real power(real x, int n) { return real(power(x.x, n), power(x.y, n), power(x.z, n), power(x.w, n)); }
real power(real x, real y) { return real(power(x.x, y.x), power(x.y, y.y), power(x.z, y.z), power(x.w, y.w)); }
#elif PACKED == 2
real power(real x, int n) { return real(power(x.x, n), power(x.y, n)); }
real power(real x, real y) { return real(power(x.x, y.x), power(x.y, y.y)); }
#endif
#if PACKED > 1
real power(real x, float y) { return power(x, real(y)); }
real power(float x, real y) { return power(real(x), y); }
#endif
"""

#: The first lines of ``main``: the indices of the neighbouring texels.
PLACES = """\
  ivec2 cell = ivec2(gl_FragCoord.xy), size = textureSize(state, 0);
  real at_x = ALONG(float(cell.x));
  float at_y = float(cell.y), per_length = 0.5/spacing, per_area = 1.0/(spacing*spacing);
  int west = cell.x - 1, east = cell.x + 1, north = cell.y - 1, south = cell.y + 1;
#if BOUNDARY_X == 0
  if (west < 0) west = size.x - 1;
  if (east == size.x) east = 0;
#endif
#if BOUNDARY_Y == 0
  if (north < 0) north = size.y - 1;
  if (south == size.y) south = 0;
#elif BOUNDARY_Y == 1
  north = max(north, 0);
  south = min(south, size.y - 1);
#endif"""

#: The arguments of all operators in any texel, also one beyond an edge. Formatted with their list, with the same list
#: for calls, with what a texel of ones is at the first and at the last column.
ARGUMENTS = """\
void arguments(int x, int y, ivec2 size, {declared}) {{
#if BOUNDARY_X == 2
  if (x < 0 || x >= size.x) {{ beyond(size, {passed}); return; }}
#endif
#if BOUNDARY_Y == 2
  if (y < 0 || y >= size.y) {{ beyond(size, {passed}); return; }}
#endif
#if BOUNDARY_X == 1
  inside(clamp(x, 0, size.x - 1), y, {passed});
  if (x < 0) {{ {first} }}
  if (x >= size.x) {{ {last} }}
#else
  inside(x, y, {passed});
#endif
}}"""
