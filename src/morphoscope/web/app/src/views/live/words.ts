/** A number as people write it, with a given number of digits. */
export function plain(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return "–";
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}
