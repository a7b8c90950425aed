import { type ChunkflowError, chunkflowError, type Storage, type Zyx } from '@chunkflow/sdk'
import type { ArrayLayout } from './format/layout.js'
import { isRecord, type Json, parseObject } from './format/metadata.js'
import { isN5Dataset, parseN5 } from './format/n5.js'
import { parseZarr2 } from './format/zarr2.js'
import { parseZarr3 } from './format/zarr3.js'
import type { Driver } from './location.js'
import { type AxisOrder, axisNamesOf } from './new-array.js'
import { levelAt, type OmeImage, parseOme } from './ome.js'
import { type AxisScale, type Placement, placeArray } from './placement.js'
import { plainBytes } from './plain-bytes.js'
import { type ChunkSource, chunkSource } from './stored-chunks.js'

/** An array and where its chunks lie. */
export interface OpenedArray {
  readonly storage: Storage
  /** What keys begin with: empty, or a path that ends with a slash. */
  readonly prefix: string
  /** For messages. */
  readonly where: string
  readonly layout: ArrayLayout
  readonly placement: Placement
  /** Which level of an image it is; undefined for an array without levels. */
  readonly level: number | undefined
  /** False when nothing but an option, or a habit, says what the axes are. */
  readonly hasNamedAxes: boolean
  readonly chunks: ChunkSource
}

/** What lies at a path: an array, or a group of further nodes. */
export type Node =
  | { readonly kind: 'array'; readonly layout: ArrayLayout }
  | { readonly kind: 'group'; readonly attributes: Json }

/** `a//b/` is `a/b/`; nothing is nothing. */
export const prefixOf = (path: string): string => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return parts.length === 0 ? '' : `${parts.join('/')}/`
}

async function readText(storage: Storage, key: string): Promise<string | null> {
  const object = await storage.read(key)
  return object === null ? null : new TextDecoder().decode(await plainBytes(object))
}

/**
 * The metadata at a path; null when there are none.
 * @throws zarr-metadata-invalid, zarr-unsupported
 */
export async function readNode(storage: Storage, prefix: string, driver: Driver): Promise<Node | null> {
  const where = prefix === '' ? storage.root : `${storage.root}/${prefix.slice(0, -1)}`
  const read = (format: Driver, name: string): Promise<string | null> =>
    driver === 'any' || driver === format ? readText(storage, `${prefix}${name}`) : Promise.resolve(null)
  const [version3, array2, attributes2, group2, n5] = await Promise.all([
    read('zarr3', 'zarr.json'),
    read('zarr2', '.zarray'),
    read('zarr2', '.zattrs'),
    read('zarr2', '.zgroup'),
    read('n5', 'attributes.json'),
  ])
  const object = (text: string | null, name: string): Json =>
    text === null ? {} : parseObject(text, `${where}/${name}`)
  if (version3 !== null) {
    const json = object(version3, 'zarr.json')
    if (json.node_type === 'array') return { kind: 'array', layout: parseZarr3(json, version3, where) }
    return { kind: 'group', attributes: isRecord(json.attributes) ? json.attributes : {} }
  }
  if (array2 !== null) {
    // whoever makes an array writes the attributes first: they may have come between the two reads
    const attributes = attributes2 ?? (await read('zarr2', '.zattrs'))
    return { kind: 'array', layout: parseZarr2(array2, object(attributes, '.zattrs'), where) }
  }
  // attributes alone are an array that is being made
  if (group2 !== null) return { kind: 'group', attributes: object(attributes2, '.zattrs') }
  if (n5 === null) return null
  const attributes = object(n5, 'attributes.json')
  return isN5Dataset(attributes)
    ? { kind: 'array', layout: parseN5(attributes, where) }
    : { kind: 'group', attributes }
}

export interface OpenRequest {
  /** Below the store. */
  readonly path?: string | undefined
  readonly driver: Driver
  /** Of images of several levels. */
  readonly mip: number
  /** z y x; wins over what is stored. */
  readonly voxelSizeNm?: Zyx | undefined
  /** Of the axes of an array that does not name them; z y x unless given. */
  readonly order?: AxisOrder | undefined
}

/**
 * The array at a path, or the level of the image there.
 * @throws zarr-missing, zarr-options, zarr-metadata-invalid, zarr-unsupported
 */
export async function openArray(storage: Storage, request: OpenRequest): Promise<OpenedArray> {
  const { driver } = request
  const prefix = prefixOf(request.path ?? '')
  const node = await readNode(storage, prefix, driver)
  if (node === null) throw await missing(storage, prefix, driver)
  return openNode(storage, prefix, node, request)
}

async function openNode(
  storage: Storage,
  prefix: string,
  node: Node,
  request: OpenRequest,
): Promise<OpenedArray> {
  const { driver, mip, voxelSizeNm, order } = request
  const where = whereOf(storage, prefix)
  if (node.kind === 'array') {
    const parent = await imageAbove(storage, prefix, driver)
    const named = parent.names ?? node.layout.axisNames
    const names = named ?? axisNamesOf(order, node.layout.shape.length)
    const placement = placeArray(node.layout, where, { names, scales: parent.scales, voxelSizeNm })
    const hasNamedAxes = named !== undefined
    return {
      storage,
      prefix,
      where,
      layout: node.layout,
      placement,
      level: undefined,
      hasNamedAxes,
      chunks: chunkSource(storage, prefix, node.layout),
    }
  }
  const image = parseOme(node.attributes, where)
  if (image !== null) return openLevel(storage, prefix, image, request)
  const scale = await readNode(storage, `${prefix}s${mip}/`, driver)
  if (scale?.kind === 'array' && scale.layout.format === 'n5') {
    // levels of an N5 image inherit what the group says of all
    const layout = { ...scale.layout, attributes: { ...node.attributes, ...scale.layout.attributes } }
    const below = `${prefix}s${mip}/`
    const at = whereOf(storage, below)
    const placement = placeArray(layout, at, { voxelSizeNm })
    const hasNamedAxes = layout.axisNames !== undefined
    const chunks = chunkSource(storage, below, layout)
    return { storage, prefix: below, where: at, layout, placement, level: mip, hasNamedAxes, chunks }
  }
  throw chunkflowError('zarr-missing', `${where} is a group, not an array`, {
    where,
    fix: `name one of its arrays with --path${await known(storage, prefix)}`,
  })
}

export interface OpenedLevels {
  /** Finest first; at least one. */
  readonly levels: readonly OpenedArray[]
  readonly isOme: boolean
  /** The group says that it holds labels. */
  readonly isLabel: boolean
}

/**
 * All levels at a path, finest first: those of an image, or an array as the only one; null when neither is there.
 * @throws zarr-metadata-invalid, zarr-unsupported
 */
export async function openLevels(storage: Storage, driver: Driver): Promise<OpenedLevels | null> {
  const node = await readNode(storage, '', driver)
  if (node === null) return null
  const open = (mip: number): Promise<OpenedArray> => openNode(storage, '', node, { driver, mip })
  if (node.kind === 'array') return { levels: [await open(0)], isOme: false, isLabel: false }
  const image = parseOme(node.attributes, storage.root)
  if (image !== null) {
    const { attributes } = node
    const isLabel = Object.hasOwn(isRecord(attributes.ome) ? attributes.ome : attributes, 'image-label')
    return { levels: await Promise.all(image.levels.map((_, mip) => open(mip))), isOme: true, isLabel }
  }
  const levels: OpenedArray[] = []
  while ((await readNode(storage, `s${levels.length}/`, driver))?.kind === 'array')
    levels.push(await open(levels.length))
  return levels.length === 0 ? null : { levels, isOme: false, isLabel: false }
}

/** As {@link openArray}; null when nothing is there. */
export async function findArray(storage: Storage, request: OpenRequest): Promise<OpenedArray | null> {
  const prefix = prefixOf(request.path ?? '')
  const node = await readNode(storage, prefix, request.driver)
  return node === null ? null : openNode(storage, prefix, node, request)
}

async function openLevel(
  storage: Storage,
  prefix: string,
  image: OmeImage,
  { driver, mip, voxelSizeNm }: OpenRequest,
): Promise<OpenedArray> {
  const level = levelAt(image, mip, whereOf(storage, prefix))
  const below = `${prefix}${prefixOf(level.path)}`
  const where = whereOf(storage, below)
  const node = await readNode(storage, below, driver)
  if (node?.kind !== 'array')
    throw chunkflowError('zarr-missing', `${where}, mip ${mip} of an image, is no array`, {
      where,
      fix: 'write the level, or take it out of the multiscales of the group',
    })
  const given = { names: image.axisNames, scales: level.scales, voxelSizeNm }
  const placement = placeArray(node.layout, where, given)
  const { layout } = node
  const chunks = chunkSource(storage, below, layout)
  return { storage, prefix: below, where, layout, placement, level: mip, hasNamedAxes: true, chunks }
}

/** What the image that an array belongs to says of it, when the group lies in the same store. */
async function imageAbove(
  storage: Storage,
  prefix: string,
  driver: Driver,
): Promise<{ names?: readonly string[]; scales?: readonly AxisScale[] }> {
  const parts = prefix.split('/').slice(0, -1)
  const name = parts.pop()
  if (name === undefined) return {}
  const above = prefixOf(parts.join('/'))
  const node = await readNode(storage, above, driver)
  if (node?.kind !== 'group') return {}
  const image = parseOme(node.attributes, whereOf(storage, above))
  const level = image?.levels.find((candidate) => prefixOf(candidate.path) === `${name}/`)
  return level === undefined ? {} : { names: image!.axisNames, scales: level.scales }
}

export const whereOf = (storage: Storage, prefix: string): string =>
  prefix === '' ? storage.root : `${storage.root}/${prefix.slice(0, -1)}`

async function missing(storage: Storage, prefix: string, driver: Driver): Promise<ChunkflowError> {
  const where = whereOf(storage, prefix)
  const format = { any: 'Zarr or N5', zarr2: 'Zarr 2', zarr3: 'Zarr 3', n5: 'N5' }[driver]
  return chunkflowError('zarr-missing', `There is no ${format} array at ${where}`, {
    where,
    fix: `check the path${await known(storage, '')}`,
  })
}

/** Keys looked at for the names of arrays: the listing of a large store must not take minutes. */
const KEYS_LOOKED_AT = 2000
const METADATA = /^(.+)\/(\.zarray|zarr\.json|attributes\.json)$/

/** Names arrays below a path, where the store can list them. */
async function known(storage: Storage, prefix: string): Promise<string> {
  const names: string[] = []
  let looked = 0
  try {
    for await (const key of storage.list(prefix)) {
      const [, path] = METADATA.exec(key) ?? []
      if (path !== undefined) names.push(path)
      looked += 1
      if (looked === KEYS_LOOKED_AT) break
    }
  } catch {
    // web servers list nothing
  }
  return names.length === 0 ? '' : `; it has ${names.sort().slice(0, 10).join(', ')}`
}
