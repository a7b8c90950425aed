import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import {
  allocate,
  bytesPerElement,
  chunkflowError,
  type Dtype,
  type ProgressBar,
  type TypedArray,
} from '@chunkflow/sdk'
import type { GeoTIFF, GeoTIFFImage } from 'geotiff'
import { readDescription } from './description.js'
import { dtypeOfSamples } from './sample-type.js'

const inflateAsync = promisify(inflate)

export interface TiffArray {
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly dtype: Dtype
}

/** Type and size of a page. */
interface Page {
  readonly width: number
  readonly height: number
  readonly dtype: Dtype
  readonly samples: number
}

/** All pages of one file, or of a folder's `*.tif*` files in order of their names, as one volume. */
export async function readTiff(
  target: string,
  onWarning: (text: string) => void,
  progress?: (pages: number) => ProgressBar,
): Promise<TiffArray> {
  const files = await filesOf(target)
  const parts: TiffArray[] = []
  for (const file of files)
    parts.push(
      await withTiff(file, (tiff) =>
        readPages(tiff, file, onWarning, files.length === 1 ? progress : undefined),
      ),
    )
  return parts.length === 1 ? parts[0]! : stackFiles(parts, files)
}

/** Sizes and type, no pixels. */
export async function probeTiff(target: string): Promise<Omit<TiffArray, 'data'>> {
  const files = await filesOf(target)
  return withTiff(files[0]!, async (tiff) => {
    const { page, shape } = await describe(tiff, files[0]!)
    return { dtype: page.dtype, shape: files.length === 1 ? shape : [files.length, ...shape.slice(-2)] }
  })
}

async function filesOf(target: string): Promise<string[]> {
  const status = await stat(target).catch(() => null)
  if (status === null)
    throw chunkflowError('tiff-missing', `There is no file ${target}`, { fix: 'check the path' })
  if (!status.isDirectory()) return [target]
  const names = (await readdir(target)).filter((name) => /\.tiff?$/i.test(name)).sort()
  if (names.length === 0)
    throw chunkflowError('tiff-missing', `The folder ${target} has no TIFF files`, {
      fix: 'name a file, or a folder of .tif files, one section each',
    })
  return names.map((name) => path.join(target, name))
}

async function withTiff<T>(file: string, action: (tiff: GeoTIFF) => Promise<T>): Promise<T> {
  const { fromFile } = await import('geotiff')
  let tiff: GeoTIFF | undefined
  try {
    tiff = await fromFile(file)
    return await action(tiff)
  } catch (cause) {
    if (
      typeof (cause as { code?: unknown }).code === 'string' &&
      String((cause as { code: string }).code).startsWith('tiff-')
    )
      throw cause
    throw unreadable(file, (cause as Error).message)
  } finally {
    await tiff?.close()
  }
}

const unreadable = (file: string, reason: string): Error =>
  chunkflowError('tiff-unreadable', `${file} cannot be read: ${reason}`, {
    fix: 'check the file with tiffinfo; it may be truncated or of another format',
  })

function describePage(image: GeoTIFFImage, file: string): Page {
  const format = image.getSampleFormat(0)
  const bits = image.getBitsPerSample(0)
  const dtype = dtypeOfSamples(format, bits)
  if (dtype === undefined) throw unreadable(file, `it has samples of ${bits} bits in format ${format}`)
  return { width: image.getWidth(), height: image.getHeight(), dtype, samples: image.getSamplesPerPixel() }
}

/** The volume a file holds: its recorded shape when the pages bear it out, else pages as sections. */
async function describe(
  tiff: GeoTIFF,
  file: string,
): Promise<{ page: Page; shape: number[]; pages: number; contiguous: boolean }> {
  const image = await tiff.getImage(0)
  const page = describePage(image, file)
  const stored = await tiff.getImageCount()
  const description = readDescription(
    image.fileDirectory.hasTag('ImageDescription')
      ? await image.fileDirectory.loadValue('ImageDescription')
      : undefined,
  )
  const contiguous = stored === 1 && (description.contiguousPlanes ?? 1) > 1
  const pages = contiguous ? description.contiguousPlanes! : stored
  const recorded = dropLeadingOnes(description.shape ?? [])
  const fits =
    recorded.length >= 3 &&
    recorded.length <= 4 &&
    recorded.slice(0, -2).reduce((left, right) => left * right, 1) === pages &&
    recorded.at(-2) === page.height &&
    recorded.at(-1) === page.width
  return { page, shape: fits ? recorded : [pages, page.height, page.width], pages, contiguous }
}

/** Axes of length 1 in front of four say nothing. */
function dropLeadingOnes(shape: readonly number[]): number[] {
  const rest = [...shape]
  while (rest.length > 4 && rest[0] === 1) rest.shift()
  return rest
}

async function readPages(
  tiff: GeoTIFF,
  file: string,
  onWarning: (text: string) => void,
  progress?: (pages: number) => ProgressBar,
): Promise<TiffArray> {
  const { page, shape, pages, contiguous } = await describe(tiff, file)
  const pixels = page.width * page.height
  const data = allocate(page.dtype, pages * pixels)
  if (page.samples > 1) onWarning(`${file} has ${page.samples} samples a pixel; only the first is read`)
  const bar = progress?.(pages)
  try {
    if (contiguous) await readContiguous(await tiff.getImage(0), file, data)
    else
      for (let index = 0; index < pages; index++) {
        const image = await tiff.getImage(index)
        requireSame(page, describePage(image, file), file, index)
        const target = data.subarray(index * pixels, (index + 1) * pixels)
        await readPage(image, page, file, target as TypedArray)
        bar?.advance()
      }
  } finally {
    bar?.end()
  }
  return { data, shape, dtype: page.dtype }
}

function requireSame(first: Page, page: Page, file: string, index: number): void {
  if (page.width === first.width && page.height === first.height && page.dtype === first.dtype) return
  throw chunkflowError(
    'tiff-pages',
    `Page ${index} of ${file} is ${page.dtype} ${page.height}×${page.width}, the first page ${first.dtype} ${first.height}×${first.width}`,
    {
      fix: 'all pages of a volume have one size and type; overviews and thumbnails must be in another file',
    },
  )
}

async function readPage(image: GeoTIFFImage, page: Page, file: string, target: TypedArray): Promise<void> {
  // the library decodes neither 64-bit integers nor half floats
  if (['uint64', 'int64', 'float16'].includes(page.dtype)) {
    await readStrips(image, page, file, target)
    return
  }
  const rasters = await image.readRasters({ samples: [0] })
  const pixels = rasters[0] as unknown as TypedArray
  if (pixels.length !== target.length) throw unreadable(file, 'a page is incomplete')
  ;(target as Uint8Array).set(pixels as Uint8Array)
}

/** Uncompressed or deflated strips of one sample a pixel. */
async function readStrips(image: GeoTIFFImage, page: Page, file: string, target: TypedArray): Promise<void> {
  const directory = image.fileDirectory
  const compression = Number(directory.getValue('Compression') ?? 1)
  const predictor = Number(directory.hasTag('Predictor') ? await directory.loadValue('Predictor') : 1)
  if (image.isTiled || page.samples !== 1 || predictor !== 1 || ![1, 8, 32946].includes(compression))
    throw unreadable(
      file,
      `${page.dtype} pages are read from uncompressed or deflated strips only (compression ${compression}, predictor ${predictor})`,
    )
  const offsets = Array.from(
    (await directory.loadValue('StripOffsets')) as ArrayLike<number | bigint>,
    Number,
  )
  const lengths = Array.from(
    (await directory.loadValue('StripByteCounts')) as ArrayLike<number | bigint>,
    Number,
  )
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
  const handle = await open(file, 'r')
  let filled = 0
  try {
    for (const [index, offset] of offsets.entries()) {
      const packed = Buffer.alloc(lengths[index]!)
      const { bytesRead } = await handle.read(packed, 0, packed.length, offset)
      if (bytesRead < packed.length) throw unreadable(file, 'it is truncated')
      const strip = compression === 1 ? packed : await inflateAsync(packed)
      bytes.set(strip.subarray(0, bytes.length - filled), filled)
      filled += strip.length
    }
  } finally {
    await handle.close()
  }
  if (filled < bytes.length) throw unreadable(file, 'a page is incomplete')
  if (!image.littleEndian) swapBytes(bytes, bytesPerElement(page.dtype))
}

/** ImageJ stacks beyond 4 GiB: one directory, all planes behind its first strip, uncompressed. */
async function readContiguous(image: GeoTIFFImage, file: string, data: TypedArray): Promise<void> {
  const offset = Number(
    ((await image.fileDirectory.loadValue('StripOffsets')) as ArrayLike<number | bigint>)[0],
  )
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const handle = await open(file, 'r')
  try {
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await handle.read(
        bytes,
        done,
        Math.min(bytes.length - done, 2 ** 26),
        offset + done,
      )
      if (bytesRead === 0) throw unreadable(file, 'it is truncated')
      done += bytesRead
    }
  } finally {
    await handle.close()
  }
  if (!image.littleEndian) swapBytes(bytes, data.BYTES_PER_ELEMENT)
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; size > 1 && start < bytes.length; start += size)
    bytes.subarray(start, start + size).reverse()
}

/** One section a file; of a file with several pages the first. */
function stackFiles(parts: readonly TiffArray[], files: readonly string[]): TiffArray {
  const [first] = parts as [TiffArray]
  const [height, width] = first.shape.slice(-2) as [number, number]
  const data = allocate(first.dtype, parts.length * height * width)
  parts.forEach((part, index) => {
    if (part.dtype !== first.dtype || part.shape.at(-2) !== height || part.shape.at(-1) !== width)
      throw chunkflowError(
        'tiff-pages',
        `${files[index]} is ${part.dtype} ${part.shape.slice(-2).join('×')}, ${files[0]} ${first.dtype} ${height}×${width}`,
        { fix: 'all sections of a volume have one size and type' },
      )
    ;(data as Uint8Array).set((part.data as Uint8Array).subarray(0, height * width), index * height * width)
  })
  return { data, shape: [parts.length, height, width], dtype: first.dtype }
}
