import { type BoundingBox, boxFromSize, LAYER_TYPES, type LayerType, type Zyx, zyx } from '@chunkflow/sdk'
import type { ArrayLayout } from './format/layout.js'
import { isRecord, refuseMetadata, unsupported } from './format/metadata.js'
import { nanometres, parseLength } from './units.js'

/** What an axis of an array means. `one` has a single element and is left out. */
export type AxisRole = 'c' | 'z' | 'y' | 'x' | 'one'

/** How the axes of an array lie in space. */
export interface Placement {
  /** One an axis of the array. */
  readonly roles: readonly AxisRole[]
  /** Null without an axis of channels. */
  readonly channels: number | null
  /** Global voxels. */
  readonly box: BoundingBox
  readonly voxelSizeNm: Zyx | null
  /** As the attributes declare it; undefined when they do not. */
  readonly layerType: LayerType | undefined
}

/** Along one axis of an array, in nm; undefined where nothing is said. */
export interface AxisScale {
  readonly sizeNm: number | undefined
  readonly offsetNm: number | undefined
}

const CHANNEL_NAMES: ReadonlySet<string> = new Set(['c', 'channel', 'channels', 'c^'])
const SPATIAL = ['z', 'y', 'x'] as const

/** What unnamed axes are, slowest first. */
const UNNAMED: Readonly<Record<number, readonly AxisRole[]>> = {
  2: ['y', 'x'],
  3: ['z', 'y', 'x'],
  4: ['c', 'z', 'y', 'x'],
}

/** @throws zarr-unsupported for axes that are no image */
function rolesOf(
  shape: readonly number[],
  names: readonly (string | null)[] | undefined,
  where: string,
): readonly AxisRole[] {
  const lower = names?.map((name) => name?.toLowerCase() ?? '')
  if (lower?.includes('x') && lower.includes('y')) return namedRoles(shape, lower, where)
  // leading axes of one element (a time, a single channel of a five-dimensional image) change nothing
  const extra = Math.max(0, shape.length - 4)
  const known = UNNAMED[shape.length - extra]
  if (known === undefined || shape.slice(0, extra).some((size) => size !== 1))
    throw notAnImage(`${shape.length} axes without names (${shape.join('×')})`, where)
  return [...new Array<AxisRole>(extra).fill('one'), ...known]
}

function namedRoles(shape: readonly number[], names: readonly string[], where: string): readonly AxisRole[] {
  const roles = names.map((name, axis): AxisRole => {
    const spatial = SPATIAL.find((letter) => letter === name)
    if (spatial !== undefined) return spatial
    if (CHANNEL_NAMES.has(name)) return 'c'
    if (shape[axis] === 1) return 'one'
    throw notAnImage(`an axis "${name}" of ${shape[axis]} elements`, where)
  })
  for (const role of ['c', ...SPATIAL])
    if (roles.filter((other) => other === role).length > 1) throw notAnImage(`two axes ${role}`, where)
  return roles
}

const notAnImage = (what: string, where: string) =>
  unsupported(
    `${where} has ${what}`,
    where,
    'arrays of channels, z, y, x are read, other axes only with one element: copy the wanted part, such as one time point, into an array of its own',
  )

/** Sizes by role, channels first; 1 where there is no such axis. */
export const byRole = (
  roles: readonly AxisRole[],
  values: readonly number[],
): readonly [number, number, number, number] => {
  const of = (role: AxisRole): number => values[roles.indexOf(role)] ?? 1
  return [of('c'), of('z'), of('y'), of('x')]
}

/**
 * Reads meaning, voxel size and offset of the axes.
 * @param names and `scales` of the axes where something else than the array's own attributes tells them
 * @throws zarr-unsupported, zarr-metadata-invalid
 */
export function placeArray(
  layout: ArrayLayout,
  where: string,
  given: {
    readonly names?: readonly (string | null)[] | undefined
    readonly scales?: readonly AxisScale[] | undefined
    /** z y x; wins over what is stored. */
    readonly voxelSizeNm?: Zyx | undefined
  } = {},
): Placement {
  const { shape } = layout
  const refuse = refuseMetadata(where)
  const names = given.names ?? layout.axisNames
  if (names !== undefined && names.length !== shape.length)
    throw refuse(`${shape.length} axes, those of its image ${names.length}: ${names.join(' ')}`)
  const roles = rolesOf(shape, names, where)
  const spatial = (find: (axis: number) => number | undefined): (number | undefined)[] =>
    SPATIAL.map((letter) => {
      const axis = roles.indexOf(letter)
      return axis < 0 ? undefined : find(axis)
    })
  const own = readAttributes(layout, roles)
  const stored = spatial((axis) => given.scales?.[axis]?.sizeNm ?? own.sizeNm(axis))
  const voxelSizeNm =
    given.voxelSizeNm ??
    (stored.some((size) => size !== undefined) ? triple(stored.map((size) => size ?? 1)) : null)
  const offset = spatial((axis) => {
    const size = voxelSizeNm?.[SPATIAL.indexOf(roles[axis] as 'z')] ?? 1
    const nm = given.scales?.[axis]?.offsetNm ?? own.offsetNm(axis)
    return nm === undefined ? own.offsetVoxels(axis) : Math.round(nm / size)
  })
  if (offset.some((start) => start !== undefined && !Number.isSafeInteger(start)))
    throw refuse(`an offset of ${offset.join(' ')} voxels`)
  const [, z, y, x] = byRole(roles, shape)
  return {
    roles,
    channels: roles.includes('c') ? shape[roles.indexOf('c')]! : null,
    box: boxFromSize(triple(offset.map((start) => start ?? 0)), zyx(z, y, x)),
    voxelSizeNm,
    layerType: LAYER_TYPES.find((name) => name === layout.attributes.layer_type),
  }
}

const triple = (values: readonly number[]): Zyx => zyx(values[0]!, values[1]!, values[2]!)

interface OwnAttributes {
  sizeNm(axis: number): number | undefined
  offsetNm(axis: number): number | undefined
  offsetVoxels(axis: number): number | undefined
}

/** Attributes by their axis. Lists have an entry an axis, or one a spatial axis; those of N5 are fastest first. */
function readAttributes({ attributes, format }: ArrayLayout, roles: readonly AxisRole[]): OwnAttributes {
  const spatialAxes = roles.flatMap((role, axis) => (role === 'c' || role === 'one' ? [] : [axis]))
  const list = (value: unknown): unknown[] | undefined => {
    if (!Array.isArray(value)) return undefined
    return format === 'n5' ? value.toReversed() : value
  }
  const at = (value: unknown, axis: number): unknown => {
    const entries = list(value)
    if (entries?.length === roles.length) return entries[axis]
    return entries?.length === spatialAxes.length ? entries[spatialAxes.indexOf(axis)] : undefined
  }
  const numberAt = (value: unknown, axis: number): number | undefined => {
    const found = at(value, axis)
    return typeof found === 'number' && Number.isFinite(found) ? found : undefined
  }
  const positive = (value: number | undefined): number | undefined =>
    value !== undefined && value > 0 ? value : undefined
  const { pixelResolution } = attributes
  const pixel = isRecord(pixelResolution) ? pixelResolution : { dimensions: pixelResolution }
  const scale = (axis: number, unit: unknown): number =>
    nanometres(at(unit, axis) ?? (Array.isArray(unit) ? undefined : unit)) ?? 1
  const units = attributes.units
  const size = (axis: number): number | undefined => {
    const given =
      positive(numberAt(attributes.resolution, axis)) ?? positive(numberAt(attributes.voxel_size, axis))
    if (given !== undefined) return given * scale(axis, units)
    const pixels = positive(numberAt(pixel.dimensions, axis))
    return pixels === undefined
      ? parseLength(at(attributes.dimension_units, axis))
      : pixels * scale(axis, pixel.unit)
  }
  return {
    sizeNm: (axis) => {
      const nm = size(axis)
      return nm === undefined
        ? undefined
        : nm * (positive(numberAt(attributes.downsamplingFactors, axis)) ?? 1)
    },
    offsetNm: (axis) => {
      const offset = numberAt(attributes.offset, axis)
      return offset === undefined ? undefined : offset * scale(axis, units)
    },
    offsetVoxels: (axis) => numberAt(attributes.voxel_offset, axis),
  }
}
