import { chunkflowError, formatFlag, type Zyx, zyx } from '@chunkflow/sdk'
import type { AxisName } from './axes.js'
import type { NrrdHeader } from './header.js'

/** Where the header says a chunk is. */
export interface Geometry {
  /** nm, z y x; null when the header has none. */
  readonly voxelSize: Zyx | null
  /** Voxels, z y x; undefined when it has no origin, null when its origin is not a whole number of voxels along the axes. */
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

function offsetOf(
  { spaceDirections, spaceOrigin }: NrrdHeader,
  names: readonly AxisName[],
): Zyx | null | undefined {
  if (spaceOrigin === undefined || spaceDirections === undefined) return undefined
  const along = (name: AxisName): number | undefined => {
    const axis = names.indexOf(name)
    if (axis < 0) return 0
    const direction = spaceDirections[axis]
    // x is the first of the world's axes
    const world = 'xyz'.indexOf(name)
    if (direction === null || direction === undefined) return undefined
    const length = direction[world]!
    const slanted = direction.some((part, index) => index !== world && part !== 0)
    const voxels = spaceOrigin[world]! / length
    const whole = Math.round(voxels)
    return slanted || !(length > 0) || !(Math.abs(voxels - whole) <= OFFSET_TOLERANCE) ? undefined : whole + 0
  }
  const [z, y, x] = [along('z'), along('y'), along('x')]
  return z === undefined || y === undefined || x === undefined ? null : zyx(z, y, x)
}

/** The offset a header gives, for those who asked for it. @throws nrrd-geometry when it has one that a chunk cannot have */
export function requireOffset({ voxelOffset }: Geometry, { spaceOrigin }: NrrdHeader, path: string): Zyx {
  if (voxelOffset === null)
    throw chunkflowError(
      'nrrd-geometry',
      `The origin of ${path}, ${formatFlag(spaceOrigin ?? [])}, is not a whole number of voxels from 0 along the axes`,
      { fix: 'give --voxel-offset' },
    )
  return voxelOffset ?? zyx(0, 0, 0)
}
