/** Writes `count` bytes, each times `gain`, rounded and limited to 255. AssemblyScript: the build makes WebAssembly of it. */
export function stretch(from: usize, to: usize, count: i32, gain: f64): void {
  for (let index = 0; index < count; index++) {
    const value = floor(f64(load<u8>(from + index)) * gain + 0.5)
    store<u8>(to + index, u8(min(value, 255.0)))
  }
}
