/** What an ImageDescription says of the volume a file holds. */
export interface VolumeDescription {
  /** Sizes of all axes in the order they are stored, when the writer recorded them. */
  readonly shape: readonly number[] | undefined
  /** Planes of an ImageJ stack that stores them all behind one directory. */
  readonly contiguousPlanes: number | undefined
}

/** Reads tifffile's JSON (`{"shape": [...]}`) and ImageJ's `key=value` lines. */
export function readDescription(text: string | undefined): VolumeDescription {
  if (text === undefined) return { shape: undefined, contiguousPlanes: undefined }
  const bare = text.replace(/\0+$/, '').trim()
  if (bare.startsWith('{')) {
    try {
      const { shape } = JSON.parse(bare) as { shape?: unknown }
      if (Array.isArray(shape) && shape.every(Number.isSafeInteger))
        return { shape: shape as number[], contiguousPlanes: undefined }
    } catch {
      // somebody's own text in braces: as good as none
    }
  }
  const images = /^ImageJ=/.test(bare) ? /^images=(\d+)$/m.exec(bare) : null
  return { shape: undefined, contiguousPlanes: images === null ? undefined : Number(images[1]) }
}

/** The description this plugin writes: tifffile reads shape and axes from it, and ignores what it does not know. */
export const writeDescription = (
  shape: readonly number[],
  voxelSizeNmZyx: readonly number[] | null,
): string =>
  JSON.stringify({
    shape,
    axes: shape.length === 4 ? 'CZYX' : 'ZYX',
    unit: 'nm',
    spacing: 1,
    ...(voxelSizeNmZyx === null ? {} : { voxel_size_zyx: voxelSizeNmZyx }),
  })
