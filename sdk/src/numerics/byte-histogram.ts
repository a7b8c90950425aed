/** How often each of the 256 values occurs. */
export function histogramOfBytes(data: Uint8Array): Float64Array {
  // neighbours are often equal: four tables spare a voxel the wait for the count of the one before
  const tables = [0, 1, 2, 3].map(() => new Float64Array(256)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const [a, b, c, d] = tables
  const whole = data.length - (data.length % 4)
  for (let index = 0; index < whole; index += 4) {
    a[data[index]!]! += 1
    b[data[index + 1]!]! += 1
    c[data[index + 2]!]! += 1
    d[data[index + 3]!]! += 1
  }
  for (let index = whole; index < data.length; index++) a[data[index]!]! += 1
  return a.map((count, value) => count + b[value]! + c[value]! + d[value]!)
}

/** A histogram of each z section. @param sections how many sections of equal size the data has */
export const histogramsOfSections = (data: Uint8Array, sections: number): Float64Array[] => {
  const length = data.length / sections
  return Array.from({ length: sections }, (_, section) =>
    histogramOfBytes(data.subarray(section * length, (section + 1) * length)),
  )
}
