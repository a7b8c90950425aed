import path from 'node:path'
import {
  allocate,
  chunkflowError,
  convertElements,
  type Dtype,
  type Files,
  formatSize,
  type ProgressBar,
  type TypedArray,
} from '@chunkflow/sdk'
import { type GreyImage, type PngHeader, readPng } from './png-image.js'

/** Rows and columns of the images that are wanted; parts outside an image stay zero. */
export interface ImageWindow {
  readonly start: readonly [y: number, x: number]
  readonly size: readonly [height: number, width: number]
}

export interface SectionsRequest {
  /** Undefined: the whole of the first image, which all others must equal in size. */
  readonly window?: ImageWindow | undefined
  /** Undefined: that of the first image, which the others must have too. */
  readonly dtype?: Dtype | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((sections: number) => ProgressBar) | undefined
}

export interface Sections {
  readonly data: TypedArray
  readonly shape: readonly [number, number, number]
  readonly dtype: Dtype
  /** Path and channels of a colour image, if there was one. */
  readonly coloured: { readonly path: string; readonly channels: number } | undefined
  /** How many sections reach beyond their images. */
  readonly overhanging: number
}

/**
 * Reads one image after another into an array.
 * @param paths one for each section; null stays zero
 * @throws png-missing, png-mixed, png-unreadable
 */
export async function readSections(
  paths: readonly (string | null)[],
  { window, dtype, signal, progress }: SectionsRequest,
): Promise<Sections> {
  const firstPath = paths.find((candidate) => candidate !== null)
  if (firstPath == null && (dtype === undefined || window === undefined))
    throw chunkflowError(
      'png-missing',
      'None of the images of this box exists, so their element type is unknown',
      { fix: 'check --path and --digit-num, or give --dtype to get zeros' },
    )
  const first = firstPath == null ? undefined : await readPng(firstPath)
  const wanted = window ?? { start: [0, 0], size: [first!.height, first!.width] }
  const target: Dtype = dtype ?? first!.dtype
  const [height, width] = wanted.size
  const data = allocate(target, paths.length * height * width)
  const check = { size: window === undefined, type: dtype === undefined }
  const bar = progress?.(paths.length)
  let coloured: Sections['coloured']
  let overhanging = 0
  try {
    for (const [section, file] of paths.entries()) {
      signal?.throwIfAborted()
      if (file !== null) {
        const image = file === firstPath ? first! : await readPng(file)
        requireAlike({ image, file }, { image: first!, file: firstPath! }, check)
        if (image.channels > 1) coloured ??= { path: file, channels: image.channels }
        const pixels =
          image.dtype === target ? image.pixels : convertElements(image.pixels, image.dtype, target)
        const part = (data as Uint8Array).subarray(section * height * width, (section + 1) * height * width)
        if (!paste({ ...image, pixels }, wanted, part)) overhanging++
      }
      bar?.advance()
    }
  } finally {
    bar?.end()
  }
  return { data, shape: [paths.length, height, width], dtype: target, coloured, overhanging }
}

interface NamedImage {
  readonly image: GreyImage
  readonly file: string
}

function requireAlike(
  one: NamedImage,
  first: NamedImage,
  check: { readonly size: boolean; readonly type: boolean },
): void {
  const describe = ({ width, height, dtype }: PngHeader): string => `${dtype} ${formatSize([height, width])}`
  const sameSize = one.image.width === first.image.width && one.image.height === first.image.height
  if ((sameSize || !check.size) && (one.image.dtype === first.image.dtype || !check.type)) return
  throw chunkflowError(
    'png-mixed',
    `${one.file} is ${describe(one.image)}, but ${first.file} is ${describe(first.image)} (rows and columns)`,
    { fix: sameSize ? 'give --dtype' : 'keep images of one size in the folder' },
  )
}

/** Copies the common part; false when the window reaches beyond the image. */
function paste(
  image: Pick<GreyImage, 'width' | 'height'> & { readonly pixels: TypedArray },
  { start, size }: ImageWindow,
  target: Uint8Array,
): boolean {
  const [y0, x0] = [Math.max(0, start[0]), Math.max(0, start[1])]
  const [y1, x1] = [Math.min(image.height, start[0] + size[0]), Math.min(image.width, start[1] + size[1])]
  for (let y = y0; y < y1 && x0 < x1; y++) {
    const row = (image.pixels as Uint8Array).subarray(y * image.width + x0, y * image.width + x1)
    target.set(row, (y - start[0]) * size[1] + x0 - start[1])
  }
  return y1 - y0 === size[0] && x1 - x0 === size[1]
}

/**
 * The images that a path stands for without a box, sorted by name: a file, a folder's `*.png`, or all that begin with a prefix.
 * @throws png-missing
 */
export async function listSections(files: Files, location: string): Promise<string[]> {
  const status = await files.status(location)
  const resolved = files.resolve(location)
  if (status?.kind === 'file') return [resolved]
  const isFolder = status?.kind === 'directory'
  const folder = isFolder ? resolved : path.dirname(resolved)
  const prefix = isFolder ? '' : path.basename(resolved)
  const names = (await files.status(folder))?.kind === 'directory' ? await files.list(folder) : []
  const found = names.filter((name) => /^[^.].*\.png$/i.test(name) && name.startsWith(prefix)).sort()
  if (found.length === 0)
    throw chunkflowError(
      'png-missing',
      isFolder
        ? `The folder ${location} holds no .png files`
        : `There is no file ${location}, and no .png file that begins so`,
      { fix: 'give a PNG file, a folder of them, or the beginning of their names' },
    )
  return found.map((name) => path.join(folder, name))
}
