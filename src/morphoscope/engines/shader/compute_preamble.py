"""The parts of a compute shader's text that are the same for all models."""

from __future__ import annotations

#: Formatted with the type of a cell's value, and with the declaration of the parameters.
PREAMBLE = """\
// Defined before this text: WIDTH, HEIGHT; STENCIL (9 or 5); BOUNDARY_X, BOUNDARY_Y (0 periodic, 1 no-flux,
// 2 dirichlet); GROUP_X, GROUP_Y, the cells that a workgroup computes.
alias value = {value};
const CELLS = WIDTH*HEIGHT;
// A parameter: its value in the first cell, its change per cell along x and along y.
struct Values {{ dt: f32, spacing: f32,{parameters} }}
@group(0) @binding(0) var<uniform> values: Values;
@group(0) @binding(1) var<storage, read> state: array<value>;
@group(0) @binding(2) var<storage, read_write> next: array<value>;
@group(0) @binding(3) var<storage, read_write> inner: array<value>;
fn along(parameter: vec4<f32>, x: f32, y: f32) -> f32 {{
  return parameter.x + parameter.y*x + parameter.z*y;
}}
fn whole_power(base: f32, exponent: i32) -> f32 {{
  var found = 1.0;
  var x = base;
  for (var n = exponent; n > 0; n >>= 1u) {{
    if ((n & 1) == 1) {{ found *= x; }}
    x *= x;
  }}
  return found;
}}
fn power(x: f32, y: f32) -> f32 {{
  if (y == 0.0) {{ return 1.0; }}
  if (x == 0.0 && y < 0.0) {{ return 1.0/x; }}
  if (x >= 0.0) {{ return pow(x, y); }}
  let size = pow(-x, y);
  if (fract(y) != 0.0) {{ return sqrt(x); }}
  return select(-size, size, y == 2.0*floor(0.5*y));
}}"""

#: The first lines of ``advance``: the places of a cell and of its neighbours.
BEGIN = """\
@compute @workgroup_size(GROUP_X, GROUP_Y)
fn advance(@builtin(global_invocation_id) id: vec3<u32>) {
  let cell = vec2<i32>(id.xy);
  if (cell.x >= WIDTH || cell.y >= HEIGHT) { return; }
  let place = cell.y*WIDTH + cell.x;
  let at_x = f32(cell.x);
  let at_y = f32(cell.y);
  let dt = values.dt;
  let per_length = 0.5/values.spacing;
  let per_area = 1.0/(values.spacing*values.spacing);
  var west = cell.x - 1;
  var east = cell.x + 1;
  var north = cell.y - 1;
  var south = cell.y + 1;
  if (BOUNDARY_X == 0) {
    west = select(west, WIDTH - 1, west < 0);
    east = select(east, 0, east == WIDTH);
  } else if (BOUNDARY_X == 1) {
    west = max(west, 0);
    east = min(east, WIDTH - 1);
  }
  if (BOUNDARY_Y == 0) {
    north = select(north, HEIGHT - 1, north < 0);
    south = select(south, 0, south == HEIGHT);
  } else if (BOUNDARY_Y == 1) {
    north = max(north, 0);
    south = min(south, HEIGHT - 1);
  }"""

#: The arguments of all operators in any cell, also one beyond an edge. Formatted with their list, and with the same
#: list for calls.
ARGUMENTS = """\
fn arguments(x: i32, y: i32, {declared}) {{
  if ((BOUNDARY_X == 2 && (x < 0 || x >= WIDTH)) || (BOUNDARY_Y == 2 && (y < 0 || y >= HEIGHT))) {{
    beyond({passed});
    return;
  }}
  inside(x, y, {passed});
}}"""
