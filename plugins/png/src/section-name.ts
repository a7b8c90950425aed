/** `00042.png`: the global z with leading zeros, the sign counted as a digit, as C's `%05d` does (`-0003.png`). */
export function sectionName(z: number, digits = 5): string {
  const sign = z < 0 ? '-' : ''
  return `${sign}${String(Math.abs(z)).padStart(digits - sign.length, '0')}.png`
}
