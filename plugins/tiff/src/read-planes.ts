import { bytesPerElement, isChunkflowError, type ProgressBar, type TypedArray } from '@chunkflow/sdk'
import { forEachConcurrently } from './concurrency.js'
import { decompress, requireSupportedCompression, takesPredictor, UNCOMPRESSED } from './decompress.js'
import { swapBytes, undoDifferences, undoFloatDifferences, unpackBits } from './kernels/samples.js'
import { blockBytes, blockRowBytes, blockRows, blocksPerPlane, type Page, unsupported } from './pages.js'
import { type TiffFile, unreadable } from './tiff-file.js'

/** One section: a sample of a page. */
export interface Plane {
  readonly page: Page
  readonly sample: number
  /** Counted from 1, for messages. */
  readonly pageNumber: number
}

/** Half-open rectangle of pixels. */
export interface Window {
  readonly y0: number
  readonly y1: number
  readonly x0: number
  readonly x1: number
}

interface Destination {
  readonly target: TypedArray
  /** Element where the plane's window begins. */
  readonly first: number
}

/** Some elements as bytes. A view of all bytes is impossible beyond 4 GiB. */
const bytesOf = (target: TypedArray, first: number, count: number): Uint8Array =>
  new Uint8Array(
    target.buffer,
    target.byteOffset + first * target.BYTES_PER_ELEMENT,
    count * target.BYTES_PER_ELEMENT,
  )

/** Blocks in flight: enough to keep the decompression threads busy, few enough to bound memory. */
const CONCURRENCY = 4
/** Uncompressed pages are read in pieces, so that a run can be interrupted. */
const PIECE_BYTES = 64 * 2 ** 20

interface Job {
  readonly elements: number
  run(): Promise<void>
}

/**
 * Reads a window of planes, one after another, into an array.
 * @param target receives planes x window elements
 * @throws tiff-unreadable, tiff-unsupported
 */
export async function readPlanes(
  file: TiffFile,
  planes: readonly Plane[],
  window: Window,
  target: TypedArray,
  { signal, bar }: { signal?: AbortSignal | undefined; bar?: ProgressBar | undefined },
): Promise<void> {
  const perPlane = (window.y1 - window.y0) * (window.x1 - window.x0)
  function* jobs(): Generator<Job> {
    for (const [index, plane] of planes.entries()) {
      requireSupported(plane.page, `page ${plane.pageNumber} of ${file.path}`)
      const destination = { target, first: index * perPlane }
      yield* isPlain(plane.page, window)
        ? plainJobs(file, plane, window, destination)
        : blockJobs(file, plane, window, destination)
    }
  }
  await forEachConcurrently(jobs(), CONCURRENCY, async (job) => {
    signal?.throwIfAborted()
    await job.run()
    bar?.advance(job.elements)
  })
}

function requireSupported(page: Page, place: string): void {
  requireSupportedCompression(page, place)
  if (!hasPredictor(page)) return
  if (page.predictor > 3) throw unsupported(place, `uses predictor ${page.predictor}`)
  if (page.bits % 8 !== 0) throw unsupported(place, `uses a predictor on ${page.bits} bits`)
}

/** What other compressions say about one is ignored, as libtiff does. */
const hasPredictor = (page: Page): boolean => page.predictor > 1 && takesPredictor(page)

/** Its bytes are the result's, but for their order. */
const isPlain = (page: Page, window: Window): boolean =>
  page.compression === UNCOMPRESSED &&
  !page.tiled &&
  (page.samples === 1 || page.planar) &&
  page.bits === 8 * bytesPerElement(page.dtype) &&
  window.x0 === 0 &&
  window.x1 === page.width

/** Blocks of a plane that meet the window. */
function* blocksIn({ page, sample }: Plane, window: Window) {
  const across = Math.ceil(page.width / page.blockWidth)
  const first = page.planar ? sample * blocksPerPlane(page) : 0
  for (
    let row = Math.floor(window.y0 / page.blockHeight);
    row < Math.ceil(window.y1 / page.blockHeight);
    row++
  )
    for (
      let column = Math.floor(window.x0 / page.blockWidth);
      column < Math.ceil(window.x1 / page.blockWidth);
      column++
    ) {
      const block = first + row * across + column
      // blocks without bytes are not stored: zeros
      if (page.byteCounts[block] === 0) continue
      const [y, x] = [row * page.blockHeight, column * page.blockWidth]
      yield {
        block,
        y,
        x,
        y0: Math.max(y, window.y0),
        y1: Math.min(y + page.blockHeight, window.y1),
        x0: Math.max(x, window.x0),
        x1: Math.min(x + page.blockWidth, window.x1),
      }
    }
}

function* plainJobs(
  file: TiffFile,
  plane: Plane,
  window: Window,
  { target, first }: Destination,
): Generator<Job> {
  const { page } = plane
  const perElement = bytesPerElement(page.dtype)
  const rowBytes = page.width * perElement
  for (const { block, y, y0, y1 } of blocksIn(plane, window)) {
    const rows = Math.max(1, Math.floor(PIECE_BYTES / rowBytes))
    for (let from = y0; from < y1; from += rows) {
      const elements = (Math.min(from + rows, y1) - from) * page.width
      yield {
        elements,
        run: async () => {
          const piece = bytesOf(target, first + (from - window.y0) * page.width, elements)
          await file.readInto(piece, page.offsets[block]! + (from - y) * rowBytes)
          if (!file.littleEndian) swapBytes(piece, perElement)
        },
      }
    }
  }
}

function* blockJobs(
  file: TiffFile,
  plane: Plane,
  window: Window,
  { target, first }: Destination,
): Generator<Job> {
  const { page } = plane
  const perElement = bytesPerElement(page.dtype)
  const channels = page.planar ? 1 : page.samples
  const channel = page.planar ? 0 : plane.sample
  const width = window.x1 - window.x0
  for (const { block, y, x, y0, y1, x0, x1 } of blocksIn(plane, window))
    yield {
      elements: (y1 - y0) * (x1 - x0),
      run: async () => {
        const samples = await decodeBlock(file, plane, block)
        const rows = bytesOf(target, first + (y0 - window.y0) * width, (y1 - y0) * width)
        for (let row = y0; row < y1; row++) {
          const from = (((row - y) * page.blockWidth + x0 - x) * channels + channel) * perElement
          const to = ((row - y0) * width + x0 - window.x0) * perElement
          const count = x1 - x0
          if (channels === 1) rows.set(samples.subarray(from, from + count * perElement), to)
          else copyEveryNth(samples, from, channels * perElement, rows, to, count, perElement)
        }
      },
    }
}

function copyEveryNth(
  from: Uint8Array,
  start: number,
  stride: number,
  to: Uint8Array,
  target: number,
  count: number,
  perElement: number,
): void {
  for (let element = 0; element < count; element++)
    for (let byte = 0; byte < perElement; byte++)
      to[target + element * perElement + byte] = from[start + element * stride + byte]!
}

/** A block as little-endian samples of the dtype's size. */
async function decodeBlock(file: TiffFile, { page, pageNumber }: Plane, block: number): Promise<Uint8Array> {
  const rows = blockRows(page, block)
  const raw = await file.read(page.offsets[block]!, page.byteCounts[block]!)
  let bytes: Uint8Array
  try {
    const full = blockRowBytes(page) * page.blockHeight
    bytes = await decompress(page, raw, blockBytes(page, block), full)
  } catch (cause) {
    if (isChunkflowError(cause)) throw cause
    const reason = (cause as Error).message ?? String(cause)
    throw unreadable(file.path, `page ${pageNumber} is damaged (${reason})`, cause)
  }
  const channels = page.planar ? 1 : page.samples
  const rowSamples = page.blockWidth * channels
  if (page.bits % 8 !== 0) return unpackBits(bytes, rows, rowSamples, page.bits)
  const bytesPerSample = page.bits / 8
  const layout = { rows, rowSamples, channels, bytesPerSample }
  if (hasPredictor(page) && page.predictor === 3) {
    undoFloatDifferences(bytes, layout)
    return bytes
  }
  if (!file.littleEndian) swapBytes(bytes.subarray(0, rows * rowSamples * bytesPerSample), bytesPerSample)
  if (hasPredictor(page)) {
    if (bytes.byteOffset % bytesPerSample !== 0) bytes = bytes.slice()
    undoDifferences(bytes, layout)
  }
  return bytes
}
