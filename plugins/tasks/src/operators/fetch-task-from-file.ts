import { chunkflowError, defineSource, FILES, flag, formatBox, uniteBoxes } from '@chunkflow/sdk'
import { decodeBoxes } from '../kernels/box-list.js'

export default defineSource({
  name: 'fetch-task-from-file',
  summary: 'Make tasks from rows of a file of boxes',
  description:
    'The file comes from generate-tasks --file-path or verify-volume --task-file. Job i of a batch system does the rows from i times --granularity on.',
  examples: [],
  flags: {
    filePath: flag.text({
      char: 'f',
      required: true,
      summary: '.npy file of generate-tasks, or comma-separated text',
    }),
    jobIndex: flag.integer({ char: 'i', minimum: 0, summary: 'which share of the rows to do' }),
    slurmJobArray: flag.boolean({ summary: 'take the index from $SLURM_ARRAY_TASK_ID' }),
    granularity: flag.integer({ char: 'g', default: 1, minimum: 1, summary: 'rows per job' }),
  },
  effects: 'read',
  services: { files: FILES },
  sets: ['bbox'],
  async create({ options, services }) {
    const index = options.slurmJobArray ? slurmIndex() : options.jobIndex
    if (index === undefined)
      throw chunkflowError('flag-missing', 'Nothing says which rows this job does', {
        fix: 'give --job-index, or --slurm-job-array inside a SLURM job array',
      })
    const boxes = decodeBoxes(await services.files.read(options.filePath), options.filePath)
    const rows = boxes.slice(index * options.granularity, (index + 1) * options.granularity)
    return {
      // of all jobs: a volume that one of them creates has room for the results of the others
      range: () => (boxes.length === 0 ? undefined : boxes.reduce(uniteBoxes)),
      count: () => rows.length,
      tasks: () => rows.map((bbox) => ({ bbox, log: { bbox: formatBox(bbox) } })),
    }
  },
})

const slurmIndex = (): number | undefined =>
  /^\d+$/.test(process.env.SLURM_ARRAY_TASK_ID ?? '') ? Number(process.env.SLURM_ARRAY_TASK_ID) : undefined
