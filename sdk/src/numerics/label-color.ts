/** Murmur3's finaliser: every input bit changes about half of the output bits. */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * The colour of a 64-bit label, the same in every picture and viewer: hue from a hash, bright and saturated. Red, green,
 * blue from the low byte up.
 * @param low low 32 bits, of signed labels in two's complement
 */
export function labelColor(low: number, high: number): number {
  const hash = mix(low ^ mix(high ^ 0x9e3779b9))
  const hue = ((hash & 0xffff) / 0x10000) * 6
  const saturation = 0.6 + (0.4 * ((hash >>> 16) & 0xff)) / 255
  const value = 0.75 + (0.25 * (hash >>> 24)) / 255
  const channel = (turn: number): number => {
    const position = (turn + hue) % 6
    const distance = Math.max(0, Math.min(position, 4 - position, 1))
    return Math.round(255 * value * (1 - saturation * distance))
  }
  return channel(5) | (channel(3) << 8) | (channel(1) << 16)
}
