/** A colour picture: 3 bytes a pixel, row by row. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

/** All pixels of one grey value. */
export const blankPicture = (width: number, height: number, grey: number): Picture => ({
  width,
  height,
  rgb: new Uint8Array(width * height * 3).fill(grey),
})

/** Nearest neighbour: pixel centres look up the pixel they fall into. */
export function scalePicture(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture
  const scaled = blankPicture(width, height, 0)
  const columns = Uint32Array.from({ length: width }, (_, x) =>
    Math.floor(((x + 0.5) * picture.width) / width),
  )
  let to = 0
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * picture.height) / height) * picture.width
    for (let x = 0; x < width; x++) {
      const from = (row + columns[x]!) * 3
      scaled.rgb[to++] = picture.rgb[from]!
      scaled.rgb[to++] = picture.rgb[from + 1]!
      scaled.rgb[to++] = picture.rgb[from + 2]!
    }
  }
  return scaled
}

function paste(picture: Picture, onto: Picture, left: number, top: number): void {
  for (let y = 0; y < picture.height; y++) {
    const row = picture.rgb.subarray(y * picture.width * 3, (y + 1) * picture.width * 3)
    onto.rgb.set(row, ((top + y) * onto.width + left) * 3)
  }
}

const WHITE = 255

/**
 * Pictures in rows of `columns`, left to right, top to bottom, white between them and where nothing is. Columns are as wide, and
 * rows as high, as their largest picture.
 */
export function gridOf(pictures: readonly Picture[], columns: number, gap: number): Picture {
  const rows = Math.ceil(pictures.length / columns)
  const widths = Array.from({ length: Math.min(columns, pictures.length) }, (_, column) =>
    Math.max(...pictures.filter((_, index) => index % columns === column).map(({ width }) => width)),
  )
  const heights = Array.from({ length: rows }, (_, row) =>
    Math.max(...pictures.slice(row * columns, (row + 1) * columns).map(({ height }) => height)),
  )
  const before = (sizes: readonly number[], count: number): number =>
    sizes.slice(0, count).reduce((sum, size) => sum + size + gap, 0)
  const whole = blankPicture(before(widths, widths.length) - gap, before(heights, rows) - gap, WHITE)
  for (const [index, picture] of pictures.entries())
    paste(picture, whole, before(widths, index % columns), before(heights, Math.floor(index / columns)))
  return whole
}
