import {
  boxOf,
  chunkflowError,
  defineOperator,
  FILES,
  flag,
  HDF5,
  parseBox,
  type Synapses,
  zyx,
} from '@chunkflow/sdk'
import { buildSynapses } from '../build-synapses.js'
import { synapsesFromTable } from '../files/hdf5.js'
import { synapsesFromJson } from '../files/json.js'
import { isJson, synapsesFile } from '../files/names.js'
import { isInside, keepPre } from '../keep.js'
import { describeSynapses } from '../records.js'

const UNKNOWN_RESOLUTION = zyx(1, 1, 1)

export default defineOperator({
  name: 'load-synapses',
  nameChar: 'n',
  summary: 'Load synapses from an HDF5 or JSON file',
  description:
    'A path that is no file is a folder or a prefix: the box of the task and the suffix are added, and .h5 if there is no such file. An empty file, or one without presynapses, gives null. Boxes are half-open: a point at the stop of a box is outside.',
  examples: [
    'create-bbox -s 0 0 0 --size 40 64 64 create-chunk --dtype float32 detect-pre-synapses --min-distance 5 save-synapses -f a.json load-synapses -f a.json --remove-outside debug',
  ],
  flags: {
    filePath: flag.text({
      char: 'f',
      required: true,
      summary: 'file, or folder or prefix of files named by box',
    }),
    suffix: flag.text({ char: 's', default: '', summary: 'end of the names of files named by box' }),
    cOrder: flag.boolean({
      default: true,
      no: 'f-order',
      summary: 'the columns of the file are z y x, unless it says its order itself; --f-order: x y z',
    }),
    resolution: flag.numbers3({
      char: 'r',
      defaultText: 'from the file, or 1 1 1',
      exclusiveMinimum: 0,
      summary: 'nm of a voxel',
    }),
    removeOutside: flag.boolean({
      no: 'keep-all',
      summary: "drop synapses whose presynapse lies outside the task's box",
    }),
    inclusive: flag.boolean({
      summary: 'with --remove-outside: a point at the stop of the box is inside, as in older files',
    }),
    setBbox: flag.boolean({
      no: 'not-set-bbox',
      summary: "make the box in the file's name the task's box",
    }),
    outputName: flag.output({
      char: 'o',
      aliases: ['output'],
      kind: 'synapses',
      default: 'syns',
      nullable: true,
    }),
  },
  services: { files: FILES, hdf5: HDF5 },
  effects: 'read',
  timed: true,
  // with --set-bbox; the planner takes no conditions
  sets: ['bbox'],
  create({ options, services: { files, hdf5 }, logger }) {
    async function read(file: string, signal: AbortSignal): Promise<Synapses | null> {
      const settings = {
        file,
        resolution: options.resolution && zyx(...options.resolution),
        fallback: UNKNOWN_RESOLUTION,
      }
      if (!isJson(file)) {
        const raw = synapsesFromTable(await hdf5.read(file, { signal }), file)
        return buildSynapses(raw, { ...settings, reversed: !options.cOrder })
      }
      const text = Buffer.from(await files.read(file)).toString('utf8')
      const { synapses, reversed } = synapsesFromJson(text, file)
      return buildSynapses(synapses, { ...settings, reversed: reversed ?? !options.cOrder })
    }

    return {
      async run(task, { signal }) {
        const file = await synapsesFile(files, options.filePath, options.suffix, task)
        const status = await files.status(file)
        let synapses = status?.bytes === 0 ? null : await read(file, signal)
        if (options.setBbox) {
          const box = parseBox(file)
          if (box === null)
            throw chunkflowError('synapses-options', `There is no box in the name of ${file}`, {
              fix: 'leave out --set-bbox',
            })
          task.set('bbox', box)
        }
        if (synapses !== null) {
          logger.info(`${file}: ${describeSynapses(synapses)}`)
          if (options.removeOutside) {
            const inside = isInside(synapses, boxOf(task), options.inclusive)
            synapses = inside.includes(true) ? keepPre(synapses, inside) : null
          }
        }
        task.set(options.outputName, synapses)
      },
    }
  },
})
