/** Elements from one step to the next along each axis of an array without gaps. Slowest axis first. */
export function stridesOf(sizes: readonly number[]): number[] {
  const strides: number[] = []
  let stride = 1
  for (const size of sizes.toReversed()) {
    strides.unshift(stride)
    stride *= size
  }
  return strides
}
