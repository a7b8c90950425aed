/** Writes `from` times `gain`, rounded and clamped to a byte, into `to`. */
export function stretch(from: Uint8Array, to: Uint8Array, gain: number): void {
  for (let index = 0; index < from.length; index++) to[index] = Math.min(255, Math.round(from[index]! * gain))
}
