import { chunkflowError, type Dtype, type Zyx, zyx } from '@chunkflow/sdk'
import { type ByteSign, bytesAreSigned, dtypeOfMode, isMode } from './modes.js'

export const HEADER_BYTES = 1024
/** "IMOD" in little-endian order: the word after it holds flags. */
export const IMOD_STAMP = 1_146_047_817
/** Where fields begin that are not among the first words. */
export const FIELD = {
  version: 108,
  imodStamp: 152,
  imodFlags: 156,
  map: 208,
  machineStamp: 212,
  rms: 216,
  labels: 220,
}

type AxisName = 'v' | 'z' | 'y' | 'x'

/** What an MRC header says. */
export interface MrcHeader {
  readonly dtype: Dtype
  readonly bigEndian: boolean
  /** Slowest axis first, as in the file; volumes, if there are several, before all others. */
  readonly sizes: readonly number[]
  readonly names: readonly AxisName[]
  /** (volumes) z y x. */
  readonly shape: readonly number[]
  /** nm, null when the header has no cell. */
  readonly voxelSize: Zyx | null
  /** nxstart, nystart, nzstart: voxels z y x. */
  readonly start: Zyx
  readonly dataStart: number
}

const unreadable = (path: string, what: string) =>
  chunkflowError('mrc-unreadable', `${path} ${what}`, { fix: 'check the path, or write the file again' })

/** Reads a header of {@link HEADER_BYTES}. @throws mrc-unreadable */
export function parseHeader(bytes: Buffer, path: string, sign: ByteSign = 'auto'): MrcHeader {
  if (bytes.length < HEADER_BYTES) throw unreadable(path, 'is not an MRC file: it is shorter than a header')
  const bigEndian = isBigEndian(bytes)
  if (bigEndian === undefined) throw unreadable(path, 'is not an MRC file')
  const integer = (offset: number): number =>
    bigEndian ? bytes.readInt32BE(offset) : bytes.readInt32LE(offset)
  const float = (offset: number): number =>
    bigEndian ? bytes.readFloatBE(offset) : bytes.readFloatLE(offset)
  const triple = (offset: number, read: (offset: number) => number): [number, number, number] => [
    read(offset),
    read(offset + 4),
    read(offset + 8),
  ]
  const counts = triple(0, integer)
  if (!counts.every((count) => count > 0)) throw unreadable(path, `has the size ${counts.join(' × ')}`)
  const axes = axesOf(triple(64, integer), path)
  const intervals = triple(28, integer)
  const cell = triple(40, float)
  const starts = triple(16, integer)
  const along = (axis: 'x' | 'y' | 'z', values: readonly number[]): number => values[axes.indexOf(axis)]!
  const extended = integer(92)
  if (extended < 0) throw unreadable(path, 'has an extended header of negative length')
  const stamped = integer(FIELD.imodStamp) === IMOD_STAMP
  const signed =
    sign === 'auto'
      ? bytesAreSigned({
          imodFlags: stamped ? integer(FIELD.imodFlags) : undefined,
          minimum: float(76),
          maximum: float(80),
          version: integer(FIELD.version),
        })
      : sign === 'signed'
  const volumes = volumesOf(integer(88), intervals[2], counts[2], axes)
  const [x, y, z] = (['x', 'y', 'z'] as const).map((axis) => along(axis, counts)) as [number, number, number]
  const slowestFirst = axes.toReversed()
  const sizes = counts.toReversed()
  return {
    dtype: dtypeOfMode(integer(12), signed, path),
    bigEndian,
    sizes: volumes === 1 ? sizes : [volumes, counts[2] / volumes, counts[1], counts[0]],
    names: volumes === 1 ? slowestFirst : ['v', ...slowestFirst],
    shape: volumes === 1 ? [z, y, x] : [volumes, z / volumes, y, x],
    voxelSize: voxelSizeOf(cell, intervals),
    start: zyx(along('z', starts), along('y', starts), along('x', starts)),
    dataStart: HEADER_BYTES + extended,
  }
}

/** By the machine stamp; files older than the stamp by the order in which the header makes sense. */
function isBigEndian(bytes: Buffer): boolean | undefined {
  const [first, second] = bytes.subarray(FIELD.machineStamp)
  if (first === 0x44 && (second === 0x44 || second === 0x41))
    return plausible(bytes, false) ? false : undefined
  if (first === 0x11 && second === 0x11) return plausible(bytes, true) ? true : undefined
  return plausible(bytes, false) ? false : plausible(bytes, true) ? true : undefined
}

function plausible(bytes: Buffer, bigEndian: boolean): boolean {
  const read = (offset: number): number => (bigEndian ? bytes.readInt32BE(offset) : bytes.readInt32LE(offset))
  const axes = [64, 68, 72].map(read)
  const hasStamp = bytes.toString('latin1', FIELD.map, FIELD.map + 3) === 'MAP'
  return (
    isMode(read(12)) &&
    [0, 4, 8].every((offset) => read(offset) >= 0) &&
    (hasStamp ||
      (axes.every((axis) => axis >= 0 && axis <= 3) && [0, 4, 8].every((offset) => read(offset) > 0)))
  )
}

/** What columns, rows and sections are; nothing said means x, y and z. @throws mrc-unreadable */
function axesOf(mapped: readonly number[], path: string): readonly ('x' | 'y' | 'z')[] {
  if (mapped.every((axis) => axis === 0)) return ['x', 'y', 'z']
  if (mapped.toSorted().join() !== '1,2,3')
    throw unreadable(path, `says that its columns, rows and sections are the axes ${mapped.join(' ')}`)
  return mapped.map((axis) => (['x', 'y', 'z'] as const)[axis - 1]!)
}

/** The standard counts stacks of volumes in the space group. */
function volumesOf(
  spaceGroup: number,
  sectionsAVolume: number,
  sections: number,
  axes: readonly string[],
): number {
  const isStack = spaceGroup >= 401 && spaceGroup <= 630 && axes[2] === 'z'
  return isStack && sectionsAVolume > 0 && sections % sectionsAVolume === 0 ? sections / sectionsAVolume : 1
}

const NM_PER_ANGSTROM = 0.1

/** nm: the cell is in ångström along x y z, and is divided into so many intervals. */
function voxelSizeOf(cell: readonly number[], intervals: readonly number[]): Zyx | null {
  const sizes = cell.map((length, axis) => (length / intervals[axis]!) * NM_PER_ANGSTROM)
  if (!sizes.every((size) => Number.isFinite(size) && size > 0)) return null
  // seven digits is what a 32-bit float says: 0.4 nm are not 0.40000000596
  const [x, y, z] = sizes.map((size) => Number(size.toPrecision(7))) as [number, number, number]
  return zyx(z, y, x)
}
