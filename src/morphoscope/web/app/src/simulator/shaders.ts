// Shaders that are the same for all models: brush, extremes of the state, picture.

export const HEAD = `precision highp float;
precision highp int;
precision highp sampler2D;
`;

// A texel holds PACKED cells of a row; species s of cell j is in channel s*PACKED + j.

// A disc whose rim is one cell wide, over periodic edges. mask: which species the brush changes.
export const BRUSH = `
uniform sampler2D state;
uniform vec2 place;
uniform float radius;
uniform float strength;
uniform vec4 towards;
uniform vec4 mask;
uniform bvec2 periodic;
out vec4 result;
void main() {
  ivec2 texel = ivec2(gl_FragCoord.xy);
  vec2 size = vec2(textureSize(state, 0)) * vec2(PACKED, 1);
  vec4 here = texelFetch(state, texel, 0);
  for (int j = 0; j < PACKED; j++) {
    vec2 away = abs(vec2(texel.x*PACKED + j, texel.y) + 0.5 - place);
    if (periodic.x) away.x = min(away.x, size.x - away.x);
    if (periodic.y) away.y = min(away.y, size.y - away.y);
    float share = strength * clamp(radius + 0.5 - length(away), 0.0, 1.0);
    for (int s = 0; s < 4/PACKED; s++) here[s*PACKED + j] = mix(here[s*PACKED + j], towards[s], share*mask[s]);
  }
  result = here;
}`;

export const BLOCK = 16;

// Smallest and largest value, sum, and number of values that are not finite, in blocks of texels.
export const EXTREMES = `
uniform sampler2D state;
uniform int species;
out vec4 result;
void main() {
  ivec2 size = textureSize(state, 0), first = ivec2(gl_FragCoord.xy) * ${BLOCK};
  ivec2 end = min(first + ${BLOCK}, size);
  result = vec4(3e38, -3e38, 0.0, 0.0);
  for (int y = first.y; y < end.y; y++)
    for (int x = first.x; x < end.x; x++) {
      vec4 here = texelFetch(state, ivec2(x, y), 0);
      if (!(abs(here.x + here.y + here.z + here.w) < 3e38)) {
        result.w += 1.0;
        continue;
      }
      for (int j = 0; j < PACKED; j++) {
        float value = here[species*PACKED + j];
        result.xyz = vec3(min(result.x, value), max(result.y, value), result.z + value);
      }
    }
}`;

// Row 0 of the state is at the top of the picture. shift: the row that is shown first.
export const PICTURE = `
uniform sampler2D state;
uniform sampler2D palette;
uniform int species;
uniform vec2 range;
uniform vec2 pixels;
uniform int shift;
out vec4 result;
void main() {
  ivec2 texels = textureSize(state, 0), size = ivec2(texels.x*PACKED, texels.y);
  ivec2 cell = ivec2(gl_FragCoord.xy * vec2(size) / pixels);
  int row = (size.y - 1 - cell.y + shift) % size.y;
  float value = texelFetch(state, ivec2(cell.x/PACKED, row), 0)[species*PACKED + cell.x % PACKED];
  float share = clamp((value - range.x) / (range.y - range.x), 0.0, 1.0);
  result = abs(value) < 3e38 ? texelFetch(palette, ivec2(share*255.0 + 0.5, 0), 0) : vec4(0.5, 0.5, 0.5, 1.0);
}`;
