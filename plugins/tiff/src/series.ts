import { bytesPerElement, chunkflowError, type Dtype, formatSize } from '@chunkflow/sdk'
import { arrange, type PageOrder, parsePageOrder } from './axes.js'
import { UNCOMPRESSED } from './decompress.js'
import { blockBytes, type Page } from './pages.js'
import type { Plane } from './read-planes.js'

/** The pages of a file as one array. */
export interface Series {
  /** (c)zyx */
  readonly shape: readonly number[]
  readonly dtype: Dtype
  /** One for each section, in the order of the array. */
  readonly planes: readonly Plane[]
  /** What of the file is left out. */
  readonly warnings: readonly string[]
}

/**
 * Thumbnails and pyramid levels are left out. When the first page describes an order of planes that the file really has, the result
 * follows it; else every page is a section. Of colours and other samples of a pixel the first is taken.
 * @param bytes length of the file
 * @throws tiff-mixed
 */
export function arrangePages(pages: readonly Page[], path: string, bytes: number): Series {
  const numbered = pages.map((page, index) => ({ page, sample: 0, pageNumber: index + 1 }))
  const full = numbered.some(({ page }) => !page.reduced)
    ? numbered.filter(({ page }) => !page.reduced)
    : numbered
  const first = full[0]!.page
  const warnings: string[] = []
  const order = parsePageOrder(first.descriptions, first.samples)
  const planes = (order === undefined ? undefined : describedPlanes(order, full, bytes)) ?? full
  const follows = order !== undefined && planes.length === countOf(order)
  if (order !== undefined && !follows && planes.length < countOf(order))
    warnings.push(
      `${path} describes ${countOf(order)} sections but has ${planes.length}; each page is taken as a section`,
    )
  if (planes.length < full.length)
    warnings.push(
      `${path} has ${full.length - planes.length} more pages after the ${planes.length} it describes; they are left out`,
    )
  if (first.samples > 1 && !planes.some(({ sample }) => sample > 0))
    warnings.push(`${path} has ${first.samples} samples a pixel (colours); the first is taken`)
  requireAlike(planes, path)
  const arrangement = arrange(follows ? order.axes : [{ name: 'Z', size: planes.length }])
  if (arrangement === null)
    throw chunkflowError(
      'tiff-mixed',
      `${path} has axes ${order!.axes.map(({ name, size }) => `${name} ${size}`).join(', ')} besides rows and columns; a chunk has channels and sections`,
      { fix: 'save one time point or position a file' },
    )
  return {
    shape: [...arrangement.sizes, first.height, first.width],
    dtype: first.dtype,
    planes: arrangement.order.map((index) => planes[index]!),
    warnings,
  }
}

const countOf = ({ axes }: PageOrder): number => axes.reduce((product, { size }) => product * size, 1)

/** The planes in the file's order; undefined when the file has fewer than described. */
function describedPlanes(
  order: PageOrder,
  pages: readonly Plane[],
  bytes: number,
): readonly Plane[] | undefined {
  const count = countOf(order)
  const first = pages[0]!
  if (!order.samplesLast && first.page.planar && first.page.samples > 1) {
    const planes = pages.flatMap((plane) =>
      Array.from({ length: plane.page.samples }, (_, sample) => ({ ...plane, sample })),
    )
    if (planes.length === count) return planes
  }
  if (count === pages.length) return pages
  if (count > pages.length) return contiguousPlanes(first, count, bytes)
  // sections that were appended one by one each describe themselves alone
  const appended = order.axes.filter(({ size }) => size > 1).length < 2 && firstUnlike(pages) === undefined
  return count === 1 || appended ? pages : pages.slice(0, count)
}

/**
 * Planes that follow each other without pages of their own: ImageJ describes only the first of a stack beyond 4 GiB, tifffile when
 * asked to.
 */
function contiguousPlanes(first: Plane, count: number, bytes: number): Plane[] | undefined {
  const { page } = first
  const planeBytes = page.width * page.height * bytesPerElement(page.dtype)
  const oneRun = page.offsets.every(
    (offset, block) => block === 0 || offset === page.offsets[block - 1]! + blockBytes(page, block - 1),
  )
  if (
    page.compression !== UNCOMPRESSED ||
    page.tiled ||
    page.samples > 1 ||
    page.bits % 8 !== 0 ||
    !oneRun ||
    page.offsets[0]! + count * planeBytes > bytes
  )
    return undefined
  return Array.from({ length: count }, (_, index) => ({
    ...first,
    page: {
      ...page,
      blockHeight: page.height,
      offsets: [page.offsets[0]! + index * planeBytes],
      byteCounts: [planeBytes],
    },
  }))
}

const firstUnlike = (planes: readonly Plane[]): Plane | undefined => {
  const { width, height, dtype } = planes[0]!.page
  return planes.find(({ page }) => page.width !== width || page.height !== height || page.dtype !== dtype)
}

function requireAlike(planes: readonly Plane[], path: string): void {
  const other = firstUnlike(planes)
  if (other === undefined) return
  const describe = ({ page, pageNumber }: Plane): string =>
    `page ${pageNumber} is ${page.dtype} ${formatSize([page.height, page.width])}`
  throw chunkflowError(
    'tiff-mixed',
    `The pages of ${path} do not form a volume: ${describe(planes[0]!)}, ${describe(other)} (rows x columns)`,
    { fix: 'split the file, for instance with: tiffsplit in.tif' },
  )
}
