/** An RGB picture, 3 bytes a pixel, rows from top to bottom. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

export const blankPicture = (width: number, height: number, grey = 255): Picture => ({
  width,
  height,
  rgb: new Uint8Array(width * height * 3).fill(grey),
})

/** Copies a picture onto another at a position inside it. */
export function paste(target: Picture, source: Picture, left: number, top: number): void {
  for (let row = 0; row < source.height; row++) {
    const from = row * source.width * 3
    target.rgb.set(
      source.rgb.subarray(from, from + source.width * 3),
      ((top + row) * target.width + left) * 3,
    )
  }
}

/** Pictures in a row, tops aligned, with white gaps. */
export function beside(pictures: readonly Picture[], gap: number): Picture {
  const width = pictures.reduce((sum, picture) => sum + picture.width, 0) + gap * (pictures.length - 1)
  const joined = blankPicture(width, Math.max(...pictures.map(({ height }) => height)))
  let left = 0
  for (const picture of pictures) {
    paste(joined, picture, left, 0)
    left += picture.width + gap
  }
  return joined
}

/** Pictures of one size in rows of `columns`. */
export function grid(pictures: readonly Picture[], columns: number, gap: number): Picture {
  const { width, height } = pictures[0]!
  const rows = Math.ceil(pictures.length / columns)
  const sheet = blankPicture(columns * (width + gap) - gap, rows * (height + gap) - gap)
  pictures.forEach((picture, index) => {
    paste(sheet, picture, (index % columns) * (width + gap), Math.floor(index / columns) * (height + gap))
  })
  return sheet
}

/** Nearest-neighbour enlargement or reduction to a size. */
export function resize(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture
  const sized = blankPicture(width, height)
  for (let y = 0; y < height; y++) {
    const row =
      Math.min(picture.height - 1, Math.floor(((y + 0.5) * picture.height) / height)) * picture.width
    for (let x = 0; x < width; x++) {
      const from = (row + Math.min(picture.width - 1, Math.floor(((x + 0.5) * picture.width) / width))) * 3
      const to = (y * width + x) * 3
      for (let channel = 0; channel < 3; channel++) sized.rgb[to + channel] = picture.rgb[from + channel]!
    }
  }
  return sized
}

/** Colours of `overlay` over `base`; black means transparent. */
export function blend(base: Picture, overlay: Picture, opacity: number): Picture {
  const mixed = { ...base, rgb: base.rgb.slice() }
  for (let index = 0; index < mixed.rgb.length; index += 3) {
    if (overlay.rgb[index] === 0 && overlay.rgb[index + 1] === 0 && overlay.rgb[index + 2] === 0) continue
    for (let channel = 0; channel < 3; channel++)
      mixed.rgb[index + channel] = Math.round(
        base.rgb[index + channel]! * (1 - opacity) + overlay.rgb[index + channel]! * opacity,
      )
  }
  return mixed
}
