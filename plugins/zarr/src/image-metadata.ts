import { chunkflowError, type Storage, type Zyx } from '@chunkflow/sdk'
import { changeJson } from './change-json.js'
import { isRecord, type Json } from './format/metadata.js'
import { parseOme } from './ome.js'
import { readNode, whereOf } from './open-array.js'

/** A level that joins an OME-Zarr image: an array of (c) z y x below its group. */
export interface NewLevel {
  /** Of the array, from the group. */
  readonly path: string
  readonly hasChannels: boolean
  readonly voxelSizeNm: Zyx
  readonly voxelOffset: Zyx
}

/** OME-NGFF 0.4 in groups of Zarr 2, 0.5 in groups of Zarr 3. */
const VERSIONS = { 2: '0.4', 3: '0.5' } as const

const axesOf = (hasChannels: boolean): readonly Json[] => [
  ...(hasChannels ? [{ name: 'c', type: 'channel' }] : []),
  ...['z', 'y', 'x'].map((name) => ({ name, type: 'space', unit: 'nanometer' })),
]

function datasetOf({ path, hasChannels, voxelSizeNm, voxelOffset }: NewLevel): Json {
  const channel = hasChannels ? [1] : []
  const place = voxelOffset.map((start, axis) => start * voxelSizeNm[axis]!)
  return {
    path,
    coordinateTransformations: [
      { type: 'scale', scale: [...channel, ...voxelSizeNm] },
      ...(place.some((start) => start !== 0)
        ? [{ type: 'translation', translation: [...channel.map(() => 0), ...place] }]
        : []),
    ],
  }
}

/**
 * Lists a level in the metadata of the group at a prefix; one that is listed stays as it is. Levels go from fine to coarse, and
 * a mip is a place in their list.
 * @param mip of the new level
 * @throws zarr-options when finer levels are missing
 */
export async function addLevel(
  storage: Storage,
  prefix: string,
  format: 2 | 3,
  mip: number,
  level: NewLevel,
): Promise<void> {
  const key = `${prefix}${format === 2 ? '.zattrs' : 'zarr.json'}`
  await changeJson(storage, key, (json) => withLevel(json, format, mip, level, whereOf(storage, prefix)))
}

const gap = (levels: number, mip: number, where: string) =>
  chunkflowError('zarr-options', `${where} has ${levels} levels: mip ${mip} cannot be the next`, {
    where,
    fix: 'save finer levels first, one after another from mip 0',
  })

/** @throws zarr-options when {@link addLevel} would refuse a level for those that are missing, or are of another format */
export async function requireFinerLevels(
  storage: Storage,
  prefix: string,
  format: 2 | 3,
  mip: number,
): Promise<void> {
  const where = whereOf(storage, prefix)
  const other = format === 2 ? 3 : 2
  const node = await readNode(storage, prefix, `zarr${format}`)
  if (node === null && (await readNode(storage, prefix, `zarr${other}`))?.kind === 'group')
    throw chunkflowError(
      'zarr-options',
      `${where} is a group of Zarr ${other}, the new level of Zarr ${format}`,
      {
        where,
        fix: `give --zarr-format ${other}, as for the other levels`,
      },
    )
  const levels = (node?.kind === 'group' && parseOme(node.attributes, where)?.levels) || []
  const isListed = levels.some(({ path }) => path === String(mip))
  if (!isListed && levels.length !== mip) throw gap(levels.length, mip, where)
}

/** The metadata with a level; null when it is there already. */
function withLevel(json: Json, format: 2 | 3, mip: number, level: NewLevel, where: string): Json | null {
  const attributes = format === 2 ? json : isRecord(json.attributes) ? json.attributes : {}
  const holder = format === 2 ? attributes : isRecord(attributes.ome) ? attributes.ome : {}
  const present: unknown = Array.isArray(holder.multiscales) ? holder.multiscales[0] : undefined
  const image = isRecord(present)
    ? present
    : { ...(format === 2 ? { version: VERSIONS[2] } : {}), axes: axesOf(level.hasChannels), datasets: [] }
  const datasets: readonly unknown[] = Array.isArray(image.datasets) ? image.datasets : []
  if (datasets.some((dataset) => isRecord(dataset) && dataset.path === level.path)) return null
  if (datasets.length !== mip) throw gap(datasets.length, mip, where)
  const others = Array.isArray(holder.multiscales) ? holder.multiscales.slice(1) : []
  const multiscales = [{ ...image, datasets: [...datasets, datasetOf(level)] }, ...others]
  return format === 2
    ? { ...json, multiscales }
    : {
        zarr_format: 3,
        node_type: 'group',
        ...json,
        attributes: { ...attributes, ome: { version: VERSIONS[3], ...holder, multiscales } },
      }
}
