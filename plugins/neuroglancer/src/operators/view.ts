import { COMPUTE, chunkOf, defineOperator, flag, type ViewerLayer } from '@chunkflow/sdk'
import { viewedImage, viewedLabels } from '../layers/viewed-chunk.js'
import { pageOf } from '../page-of.js'
import { viewingStep } from '../session/viewing-step.js'
import { openSliceViewer } from '../slice-viewer.js'
import { VIEWING_FLAGS } from '../viewing-flags.js'

export default defineOperator({
  name: 'view',
  summary: 'Look at slices of a chunk, with labels over it, in a browser',
  description:
    'A light page: three orthogonal planes, scrolling through sections, grey values, labels over the image in colours that stay the same, the exact value under the pointer. It needs no graphics card and works on a telephone. uint8 and floats are shown in grey, other element types as coloured labels unless they were loaded as an image. The chain goes on when you type q and Enter, press Ctrl-C or the button on the page.',
  examples: [
    'create-chunk view',
    'create-chunk -o image create-chunk --dtype uint32 -o seg view -i image -s seg --voxel-size 40 4 4',
  ],
  flags: {
    imageChunkName: flag.input({
      char: 'i',
      aliases: ['image', 'input', 'input-chunk-name'],
      kind: 'chunk',
    }),
    segmentationChunkName: flag.input({
      char: 's',
      aliases: ['segmentation', 'overlay'],
      kind: 'chunk',
      optional: true,
      nullable: true,
      summary: 'labels to lay over the image',
    }),
    ...VIEWING_FLAGS,
  },
  services: { compute: COMPUTE },
  effects: 'interactive',
  outsideDigest: true,
  create({ options, services: { compute }, assets }) {
    return viewingStep(options.wait, async (task, context, button) => {
      const { imageChunkName: image, segmentationChunkName: labels, voxelSize, ...rest } = options
      const layers: ViewerLayer[] = [{ name: image, value: viewedImage(chunkOf(task, image)) }]
      if (labels !== undefined && task.get(labels) !== null)
        layers.push({ name: labels, value: viewedLabels(labels, chunkOf(task, labels)) })
      return openSliceViewer(
        layers,
        { ...rest, voxelSizeNm: voxelSize, button },
        { compute, page: pageOf(assets), context },
      )
    })
  },
})
