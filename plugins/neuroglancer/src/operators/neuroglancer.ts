import {
  COMPUTE,
  chunkflowError,
  defineOperator,
  ENCODINGS,
  FILES,
  flag,
  type ViewerLayer,
  VOLUMES,
} from '@chunkflow/sdk'
import { parseLayerName } from '../layers/layer-name.js'
import { openVolumes } from '../layers/open-volumes.js'
import { openNeuroglancer } from '../neuroglancer-viewer.js'
import { pageOf } from '../page-of.js'
import { viewingStep } from '../session/viewing-step.js'
import { VIEWING_FLAGS } from '../viewing-flags.js'

export default defineOperator({
  name: 'neuroglancer',
  // a window of the Python release, with the options of this one
  aliases: ['napari'],
  summary: 'Look at chunks, points, meshes and volumes in Neuroglancer, in a browser',
  description:
    'Serves what the chain holds from memory to a Neuroglancer that comes with this plugin: nothing is fetched from elsewhere. Images, probability and affinity maps, segmentations, points, synapses, skeletons and meshes become layers, each with its own voxel size and offset. A name may carry options in brackets: prob[color=red], points[color=cyan,size=5]. The chain goes on when you type q and Enter, press Ctrl-C or the button on the page.',
  examples: [
    'create-chunk neuroglancer',
    'create-chunk --dtype float32 -o image create-chunk --dtype uint32 -o seg neuroglancer -c image,seg -p 33333 -v 30 6 6',
    'create-chunk --dtype float32 --size 16 64 96 -o prob neuroglancer -i prob[color=red] --volume seg=file:///data/segmentation --no-wait',
  ],
  flags: {
    inputs: flag.inputs({
      char: 'i',
      aliases: ['chunk-names', 'input', 'input-names'],
      charAliases: ['c'],
      kind: 'any',
      syntax: 'layers',
      nullable: true,
      optionalDefault: true,
      summary: 'variables to show, in the order of layers, each perhaps with options in brackets',
    }),
    volume: flag.list({ summary: 'volumes to show too, each as name=path, file:///data/seg for instance' }),
    share: flag.text({ summary: "file for the viewer's state as JSON, with this session's addresses" }),
    ...VIEWING_FLAGS,
  },
  services: { compute: COMPUTE, encodings: ENCODINGS, files: FILES, volumes: VOLUMES },
  effects: 'interactive',
  outsideDigest: true,
  infer({ inputs }, options) {
    for (const text of options.inputs) parseLayerName(text)
    if (inputs === undefined && options.volume === undefined)
      throw chunkflowError(
        'viewer-options',
        'There is nothing to show: no operator before it writes "chunk"',
        {
          fix: 'name variables with --inputs, or volumes with --volume name=path',
        },
      )
    return {}
  },
  create({ options, services, assets }) {
    return viewingStep(options.wait, async (task, context, button) => {
      const names = options.inputs.map(parseLayerName)
      // the default may be absent beside volumes
      const present = names.filter(({ name }) => options.volume === undefined || task.has(name))
      const layers: ViewerLayer[] = [
        ...present.map(({ name, options: settings }) => ({ name, options: settings, value: task.get(name) })),
        ...(await openVolumes(options.volume ?? [], services.volumes, context.logger)),
      ]
      const { voxelSize, ...rest } = options
      return openNeuroglancer(
        layers,
        { ...rest, voxelSizeNm: voxelSize, button, files: services.files },
        { services, page: pageOf(assets), context },
      )
    })
  },
})
