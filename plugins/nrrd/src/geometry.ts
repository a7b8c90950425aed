import { type ChunkflowError, chunkflowError, formatFlag, type Zyx, zyx } from '@chunkflow/sdk'
import { AXIS_ORDERS, type AxisName } from './axes.js'
import type { NrrdHeader } from './header.js'

/** Where the header says a chunk is. */
export interface Geometry {
  /** nm, z y x; null when the header has none. */
  readonly voxelSize: Zyx | null
  /** Voxels, z y x; undefined when it has no origin, null when it is none of a chunk: off whole voxels, or axes that do not run along x y z. */
  readonly voxelOffset: Zyx | null | undefined
}

/** nm of a unit, by the names in use. */
const UNITS: Readonly<Record<string, number>> = {
  nm: 1,
  nanometer: 1,
  nanometers: 1,
  nanometre: 1,
  um: 1e3,
  µm: 1e3,
  μm: 1e3,
  micron: 1e3,
  microns: 1e3,
  micrometer: 1e3,
  micrometers: 1e3,
  mm: 1e6,
  millimeter: 1e6,
  millimeters: 1e6,
  cm: 1e7,
  m: 1e9,
  a: 0.1,
  å: 0.1,
  angstrom: 0.1,
  angstroms: 0.1,
}
/** Spaces of patients and scanners are measured in millimetres, which their files do not say. */
const IN_MILLIMETRES = /^(left|right)-|^(ras|las|lps)t?$|^scanner-xyz/i

/** Voxel size and offset of a header whose axes have names, as far as it gives them. */
export function geometryOf(header: NrrdHeader, names: readonly AxisName[]): Geometry {
  const axis = (name: AxisName): number => names.indexOf(name)
  const lengths = names.map((_, index) => lengthOf(header, index))
  const size = (name: AxisName): number | undefined => (axis(name) < 0 ? undefined : lengths[axis(name)])
  const [z, y, x] = [size('z'), size('y'), size('x')]
  if (y === undefined || x === undefined || (z === undefined && axis('z') >= 0))
    return { voxelSize: null, voxelOffset: undefined }
  // a section has the thickness nobody tells
  const lengthsZyx = zyx(z ?? 1, y, x)
  const inVoxels = unitsOf(header).every((unit) => /^(voxels?|pixels?|px)$/.test(unit))
  const voxelSize = zyx(...(lengthsZyx.map(withoutNoise) as [number, number, number]))
  return {
    voxelSize: inVoxels && unitsOf(header).length > 0 ? null : voxelSize,
    voxelOffset: offsetOf(header, names),
  }
}

/** Lengths from unit to unit: 4e-6 mm are 4 nm, not 3.9999999999999996. */
const withoutNoise = (length: number): number => Number(length.toPrecision(12))

const unitsOf = ({ spaceDirections, spaceUnits, units }: NrrdHeader): readonly string[] =>
  ((spaceDirections === undefined ? units : spaceUnits) ?? [])
    .map((unit) => unit.trim().toLowerCase())
    .filter((unit) => unit !== '')

/** nm from sample to sample, or undefined. */
function lengthOf(header: NrrdHeader, axis: number): number | undefined {
  const { space, spaceDirections, spaceUnits, spacings, units } = header
  const known = (unit: string | undefined): number => {
    const name = unit?.trim().toLowerCase()
    if (name === undefined || name === '') return space !== undefined && IN_MILLIMETRES.test(space) ? 1e6 : 1
    return UNITS[name] ?? 1
  }
  const direction = spaceDirections?.[axis]
  const length =
    direction === undefined || direction === null
      ? Math.abs(spacings?.[axis] ?? Number.NaN) * known(units?.[axis])
      : Math.hypot(...direction.map((part, index) => part * known(spaceUnits?.[index])))
  return Number.isFinite(length) && length > 0 ? length : undefined
}

/** How far an origin may be off a whole number of voxels: what decimals of a header lose. */
const OFFSET_TOLERANCE = 1e-3

/** What is wrong with the axes of a file for a chunk, whose axes run along x y z. */
type AxisFault = 'slanted' | 'permuted' | 'flipped'

/** Names of the axes of the world along which those of the file run, `null` for a slanted one; channels are left out. */
function worldAxes({ spaceDirections }: NrrdHeader, names: readonly AxisName[]): (AxisName | null)[] {
  return names.flatMap((name, axis) => {
    if (name === 'c') return []
    const along = (spaceDirections?.[axis] ?? []).flatMap((part, world) => (part === 0 ? [] : [world]))
    // x is the first of the world's axes
    return [along.length === 1 ? ((['x', 'y', 'z'] as const)[along[0]!] ?? null) : null]
  })
}

function axisFault(header: NrrdHeader, names: readonly AxisName[]): AxisFault | undefined {
  const world = worldAxes(header, names)
  if (world.includes(null)) return 'slanted'
  if (world.join() !== names.filter((name) => name !== 'c').join()) return 'permuted'
  const isFlipped = names.some(
    (name, axis) => name !== 'c' && header.spaceDirections![axis]!.some((part) => part < 0),
  )
  return isFlipped ? 'flipped' : undefined
}

function offsetOf(header: NrrdHeader, names: readonly AxisName[]): Zyx | null | undefined {
  const { spaceDirections, spaceOrigin } = header
  if (spaceOrigin === undefined || spaceDirections === undefined) return undefined
  if (axisFault(header, names) !== undefined) return null
  const along = (name: AxisName): number | undefined => {
    const axis = names.indexOf(name)
    if (axis < 0) return 0
    const world = 'xyz'.indexOf(name)
    const voxels = spaceOrigin[world]! / spaceDirections[axis]![world]!
    const whole = Math.round(voxels)
    return Math.abs(voxels - whole) <= OFFSET_TOLERANCE ? whole + 0 : undefined
  }
  const [z, y, x] = [along('z'), along('y'), along('x')]
  return z === undefined || y === undefined || x === undefined ? null : zyx(z, y, x)
}

/**
 * The offset a header gives, for those who asked for it.
 * @throws nrrd-geometry when it has one that a chunk cannot have
 */
export function requireOffset(
  { voxelOffset }: Geometry,
  header: NrrdHeader,
  names: readonly AxisName[],
  path: string,
): Zyx {
  if (voxelOffset === null) throw cannotPlace(header, names, path)
  return voxelOffset ?? zyx(0, 0, 0)
}

function cannotPlace(header: NrrdHeader, names: readonly AxisName[], path: string): ChunkflowError {
  const fault = axisFault(header, names)
  if (fault === undefined)
    return chunkflowError(
      'nrrd-geometry',
      `The origin of ${path}, ${formatFlag(header.spaceOrigin ?? [])}, is not a whole number of voxels from 0 along the axes`,
      { fix: 'give --voxel-offset' },
    )
  const directions = (header.spaceDirections ?? []).map((part) =>
    part === null ? 'none' : `(${part.join()})`,
  )
  const order = AXIS_ORDERS.find((name) => name === worldAxes(header, names).join(''))
  return chunkflowError(
    'nrrd-geometry',
    `The axes of ${path} are ${fault} (space directions: ${directions.join(' ')}): its origin is no offset of a chunk, whose axes run along x y z`,
    {
      fix:
        fault === 'permuted' && order !== undefined
          ? `give --axis-order ${order}`
          : 'give --voxel-offset: voxels are taken in the order of the file, their size from the header; or turn the axes of the file before',
    },
  )
}
