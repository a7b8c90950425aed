/** A bright colour for a 64-bit label given as two words, always the same; black for 0. */
export function labelColour(low: number, high: number): readonly [red: number, green: number, blue: number] {
  if (low === 0 && high === 0) return [0, 0, 0]
  let mixed = Math.imul(low ^ Math.imul(high ^ 0x9e3779b9, 0x85ebca6b), 0xcc9e2d51)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x1b873593)
  mixed ^= mixed >>> 13
  return fromHue(
    (mixed >>> 0) / 2 ** 32,
    0.55 + 0.45 * (((mixed >>> 7) & 255) / 255),
    0.75 + 0.25 * (((mixed >>> 17) & 255) / 255),
  )
}

/** HSV to RGB bytes; hue, saturation and value in [0, 1]. */
function fromHue(hue: number, saturation: number, value: number): readonly [number, number, number] {
  const channel = (shift: number): number => {
    const position = (shift + hue * 6) % 6
    return Math.round(255 * (value - value * saturation * Math.max(0, Math.min(position, 4 - position, 1))))
  }
  return [channel(5), channel(3), channel(1)]
}
