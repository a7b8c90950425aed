import type { Chunk } from '@chunkflow/sdk'

/**
 * Text for the first page. tifffile, and most Python programs through it, reads the JSON: shape and axes exactly as written. ImageJ and
 * Fiji read the lines, of several descriptions the last one. They keep four axes in another order than a chunk, so a 4-D chunk
 * is described to them as one stack, channel after channel.
 */
export function descriptionsOf(chunk: Pick<Chunk, 'shape' | 'voxelSize'>): readonly string[] {
  const pages = chunk.shape.slice(0, -2).reduce((left, right) => left * right, 1)
  const spacing = chunk.voxelSize?.[0] ?? 1
  const json = { shape: chunk.shape, axes: chunk.shape.length === 4 ? 'CZYX' : 'ZYX', spacing, unit: 'nm' }
  const lines = [
    'ImageJ=1.53t',
    `images=${pages}`,
    `slices=${pages}`,
    'unit=nm',
    `spacing=${spacing}`,
    'loop=false',
    '',
  ]
  return [JSON.stringify(json), lines.join('\n')]
}
