/** `00042.png`: the global z with leading zeros; a negative one keeps its sign before them. */
export const sectionName = (z: number, digits = 5): string =>
  `${z < 0 ? '-' : ''}${String(Math.abs(z)).padStart(digits, '0')}.png`
