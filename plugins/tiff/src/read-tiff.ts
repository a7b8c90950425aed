import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import {
  allocate,
  chunkflowError,
  type Dtype,
  formatSize,
  type ProgressBar,
  type TypedArray,
} from '@chunkflow/sdk'
import { forEachConcurrently } from './concurrency.js'
import { readPages } from './pages.js'
import { readPlanes, type Window } from './read-planes.js'
import { arrangePages, type Series } from './series.js'
import { type TiffFile, withTiffFile } from './tiff-file.js'

/** What a file or folder holds. */
export interface TiffArray {
  /** (c)zyx */
  readonly shape: readonly number[]
  readonly dtype: Dtype
  readonly warnings: readonly string[]
}

/** Array indices, z y x. */
export interface Region {
  readonly start: readonly [number, number, number]
  readonly stop: readonly [number, number, number]
}

export interface ReadSettings {
  /** Which part; everything unless given. */
  readonly region?: ((shape: readonly number[]) => Region) | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((elements: number) => ProgressBar) | undefined
}

/** Open files of a folder at a time. */
const FILES_AT_ONCE = 4

/** Reads shape and type, no voxels. @throws tiff-missing, tiff-mixed, tiff-unreadable, tiff-unsupported */
export async function describeTiff(location: string): Promise<TiffArray> {
  const sections = await sectionFiles(location)
  if (sections === null) return withSeries(location, async (_, series) => series)
  return withSeries(sections[0]!, async (_, series) =>
    folderArray(sections, oneSection(series, sections[0]!)),
  )
}

/** Reads a file, or a folder with one section a file. @throws tiff-missing, tiff-mixed, tiff-unreadable, tiff-unsupported */
export async function readTiff(
  location: string,
  settings: ReadSettings = {},
): Promise<TiffArray & { readonly data: TypedArray }> {
  const sections = await sectionFiles(location)
  return sections === null ? readFile(location, settings) : readFolder(sections, settings)
}

/** The sections of a folder, sorted by name; null for a file. */
async function sectionFiles(location: string): Promise<string[] | null> {
  const status = await stat(location).catch(() => null)
  if (!status?.isDirectory()) return null
  const names = (await readdir(location)).filter((name) => /^[^.].*\.tiff?$/i.test(name)).sort()
  if (names.length === 0)
    throw chunkflowError('tiff-missing', `The folder ${location} holds no .tif or .tiff files`, {
      fix: 'give a file, or a folder with one file a section',
    })
  return names.map((name) => path.join(location, name))
}

const withSeries = <T>(file: string, action: (opened: TiffFile, series: Series) => Promise<T>): Promise<T> =>
  withTiffFile(file, async (opened) =>
    action(opened, arrangePages(await readPages(opened), file, opened.bytes)),
  )

const regionOf = (shape: readonly number[], settings: ReadSettings): Region =>
  settings.region?.(shape) ?? { start: [0, 0, 0], stop: shape.slice(-3) as [number, number, number] }
const windowOf = ({ start, stop }: Region): Window => ({
  y0: start[1],
  y1: stop[1],
  x0: start[2],
  x1: stop[2],
})
const sizeOf = ({ start, stop }: Region): number[] => stop.map((end, axis) => end - start[axis]!)
const product = (sizes: readonly number[]): number => sizes.reduce((left, right) => left * right, 1)

const readFile = (location: string, settings: ReadSettings) =>
  withSeries(location, async (file, { shape, dtype, planes, warnings }) => {
    const region = regionOf(shape, settings)
    const depth = shape.at(-3)!
    const wanted = planes.filter((_, index) => {
      const z = index % depth
      return z >= region.start[0] && z < region.stop[0]
    })
    const resultShape = [...shape.slice(0, -3), ...sizeOf(region)]
    const data = allocate(dtype, product(resultShape))
    const bar = settings.progress?.(data.length)
    try {
      await readPlanes(file, wanted, windowOf(region), data, { signal: settings.signal, bar })
    } finally {
      bar?.end()
    }
    return { data, shape: resultShape, dtype, warnings }
  })

async function readFolder(sections: readonly string[], settings: ReadSettings) {
  const whole = await describeTiff(path.dirname(sections[0]!))
  const region = regionOf(whole.shape, settings)
  const shape = sizeOf(region)
  const data = allocate(whole.dtype, product(shape))
  const perSection = shape[1]! * shape[2]!
  const warnings = new Set(whole.warnings)
  const bar = settings.progress?.(data.length)
  const wanted = sections.slice(region.start[0], region.stop[0]).entries()
  try {
    await forEachConcurrently(wanted, FILES_AT_ONCE, ([z, section]) =>
      withSeries(section, async (file, found) => {
        const series = oneSection(found, section)
        if (
          series.dtype !== whole.dtype ||
          formatSize(series.shape.slice(-2)) !== formatSize(whole.shape.slice(-2))
        )
          throw chunkflowError(
            'tiff-mixed',
            `${section} is ${describe(series)}, but the first file of the folder is ${describe(whole)} (rows x columns)`,
            { fix: 'keep sections of one size and type in the folder' },
          )
        for (const warning of series.warnings) warnings.add(warning)
        const part = (data as Uint8Array).subarray(z * perSection, (z + 1) * perSection)
        await readPlanes(file, series.planes, windowOf(region), part, { signal: settings.signal, bar })
      }),
    )
  } finally {
    bar?.end()
  }
  return { data, shape, dtype: whole.dtype, warnings: [...warnings] }
}

const describe = ({ dtype, shape }: TiffArray): string => `${dtype} ${formatSize(shape.slice(-2))}`

function oneSection(series: Series, file: string): Series {
  if (series.planes.length === 1) return series
  throw chunkflowError(
    'tiff-mixed',
    `${file} has ${series.planes.length} pages, but a folder is read as one section a file`,
    { fix: 'give the file itself, or keep it in another folder' },
  )
}

const folderArray = (sections: readonly string[], { shape, dtype, warnings }: Series): TiffArray => ({
  shape: [sections.length, ...shape.slice(-2)],
  dtype,
  warnings,
})
