import { describeChunk, isChunk, type Viewer } from '@chunkflow/sdk'

/** "Shows" layers by describing them. */
export const sampleViewer: Viewer = {
  async show(layers, { voxelSizeNm }, { logger }) {
    for (const layer of layers) {
      const shown =
        'volume' in layer
          ? `a volume of ${layer.volume.description.dtype}`
          : isChunk(layer.value)
            ? describeChunk(layer.value)
            : 'something else'
      logger.result(
        `${layer.name}: ${shown}${voxelSizeNm === undefined ? '' : `, ${voxelSizeNm.join(' ')} nm`}`,
      )
    }
  },
}
