// Shaders in WGSL that are the same for all models: brush, extremes of the state, picture. Defined before them: WIDTH,
// HEIGHT, CHANNELS (floats of a cell), BOUNDARY_X, BOUNDARY_Y, GROUP_X, GROUP_Y, and what is said at each.

// A disc whose rim is one cell wide, over periodic edges. mask: which species the brush changes.
export const BRUSH = `
struct Brush { place: vec2<f32>, radius: f32, strength: f32, towards: vec4<f32>, mask: vec4<f32> }
@group(0) @binding(0) var<uniform> brush: Brush;
@group(0) @binding(1) var<storage, read_write> state: array<f32>;
@compute @workgroup_size(GROUP_X, GROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let cell = vec2<i32>(id.xy);
  if (cell.x >= WIDTH || cell.y >= HEIGHT) { return; }
  var away = abs(vec2<f32>(cell) + 0.5 - brush.place);
  if (BOUNDARY_X == 0) { away.x = min(away.x, f32(WIDTH) - away.x); }
  if (BOUNDARY_Y == 0) { away.y = min(away.y, f32(HEIGHT) - away.y); }
  let share = brush.strength*clamp(brush.radius + 0.5 - length(away), 0.0, 1.0);
  let first = (cell.y*WIDTH + cell.x)*CHANNELS;
  for (var s = 0; s < CHANNELS; s++) {
    state[first + s] = mix(state[first + s], brush.towards[s], share*brush.mask[s]);
  }
}`;

export const BLOCKS = 4096; // at most

// Smallest and largest value, sum, and number of cells that are not finite, of every BLOCKS-th cell.
export const EXTREMES = `
@group(0) @binding(0) var<uniform> species: i32;
@group(0) @binding(1) var<storage, read> state: array<f32>;
@group(0) @binding(2) var<storage, read_write> found: array<vec4<f32>>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let block = i32(id.x);
  if (block >= BLOCKS) { return; }
  var part = vec4<f32>(3e38, -3e38, 0.0, 0.0);
  for (var cell = block; cell < WIDTH*HEIGHT; cell += BLOCKS) {
    var finite = true;
    for (var s = 0; s < CHANNELS; s++) {
      finite = finite && (bitcast<u32>(state[cell*CHANNELS + s]) & 0x7f800000u) != 0x7f800000u;
    }
    if (finite) {
      let value = state[cell*CHANNELS + species];
      part = vec4<f32>(min(part.x, value), max(part.y, value), part.z + value, part.w);
    } else {
      part.w += 1.0;
    }
  }
  found[block] = part;
}`;

// The bytes of all pixels. ROWS: of what is shown. shift: the row that is shown first.
export const PICTURE = `
struct Picture { range: vec2<f32>, species: i32, shift: i32 }
@group(0) @binding(0) var<uniform> picture: Picture;
@group(0) @binding(1) var<storage, read> shown: array<f32>;
@group(0) @binding(2) var<storage, read> palette: array<u32>;
@group(0) @binding(3) var<storage, read_write> pixels: array<u32>;
@compute @workgroup_size(GROUP_X, GROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let cell = vec2<i32>(id.xy);
  if (cell.x >= WIDTH || cell.y >= ROWS) { return; }
  let row = (cell.y + picture.shift) % ROWS;
  let value = shown[(row*WIDTH + cell.x)*CHANNELS + picture.species];
  let share = clamp((value - picture.range.x)/(picture.range.y - picture.range.x), 0.0, 1.0);
  let finite = (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
  pixels[cell.y*WIDTH + cell.x] = select(0xff808080u, palette[i32(share*255.0 + 0.5)], finite);
}`;
