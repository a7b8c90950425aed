import {
  chunkflowError,
  type FlagOptions,
  flag,
  parseOptions,
  type RawOptions,
} from '@chunkflow/kernel/authoring'
import { type Pipeline, type Registry, readPipeline } from '@chunkflow/kernel/host'
import { GLOBAL_FLAGS } from '../chain/globals.js'
import { scanCommand } from '../chain/scan.js'
import { readConfiguration } from '../configuration/configuration.js'
import { openRegistry } from '../discovery/registry.js'
import { enabledHooks } from '../run/enabled-hooks.js'
import { readJsonFile } from '../run/read-json-file.js'
import { runPipeline } from '../run/run-pipeline.js'
import { supervise } from '../run/supervise.js'
import { loggerFor } from './chain.js'
import { printUsage } from './usage.js'

const { mip, dryRun, verbose, quiet, logLevel, logFile, hook } = GLOBAL_FLAGS
const FLAGS = {
  ...{ mip, dryRun, verbose, quiet, logLevel, logFile, hook },
  queue: flag.text({ char: 'q', summary: 'where tasks come from' }),
  processes: flag.integer({ char: 'n', default: 1, minimum: 1, summary: 'workers on this machine' }),
  visibilityTimeout: flag.integer({ char: 'v', minimum: 0, summary: 'of fetch-task' }),
  retryTimes: flag.integer({ char: 'r', minimum: 0, summary: 'of fetch-task' }),
} as const

/** `chunkflow worker PIPELINE.json --queue NAME`: a pipeline on the tasks of a queue, in one process or in several. */
export async function worker(argv: readonly string[]): Promise<number> {
  const { options: raw, rest, help } = scanCommand(argv, { name: 'worker', flags: FLAGS })
  if (help) return printUsage('worker')
  const [file, ...others] = rest
  if (file === undefined || others.length > 0)
    throw chunkflowError('flag-missing', file === undefined ? 'Which pipeline file?' : 'One pipeline file', {
      where: 'worker',
      fix: 'chunkflow worker pipeline.json --queue my-queue; --save-pipeline FILE writes a pipeline file',
    })
  const configuration = await readConfiguration()
  const defaults = Object.fromEntries(
    Object.entries(configuration.defaults).filter(([name]) => Object.hasOwn(FLAGS, name)),
  )
  const options = parseOptions({ name: 'worker', flags: FLAGS }, {
    ...defaults,
    ...raw,
  } as RawOptions) as FlagOptions<typeof FLAGS>
  const registry = await openRegistry()
  const pipeline = withQueue(readPipeline(await readJsonFile(file), file), file, options, registry)
  const globals = { ...options, allowLateSource: false, savePipeline: undefined }
  const logger = loggerFor(globals)
  // the last value of an option counts
  if (options.processes > 1)
    return supervise(options.processes, ['worker', ...argv, '--processes', '1'], logger)
  const hooks = enabledHooks(registry, globals, configuration, logger)
  return runPipeline(pipeline, registry, { ...globals, hooks }, logger)
}

type WorkerOptions = Pick<
  FlagOptions<typeof FLAGS>,
  'queue' | 'visibilityTimeout' | 'retryTimes' | 'mip' | 'dryRun'
>

/**
 * The pipeline between fetching a task and deleting it. A file that fetches tasks itself keeps what the options do not say.
 * @throws pipeline-invalid when it makes tasks in another way, flag-missing without a queue
 */
function withQueue(pipeline: Pipeline, file: string, options: WorkerOptions, registry: Registry): Pipeline {
  const [first, ...following] = pipeline.steps
  const fetching = first?.operator === FETCH ? first : undefined
  const steps = fetching === undefined ? pipeline.steps : following
  const source = steps.find(({ operator }) => registry.find(operator).entry.role === 'source')
  if (source !== undefined)
    throw chunkflowError(
      'pipeline-invalid',
      `${source.operator} makes tasks, but a worker gets them from its queue`,
      {
        where: file,
        fix: `take that step out of the file, or use chunkflow run ${file}`,
      },
    )
  if (fetching === undefined && options.queue === undefined)
    throw chunkflowError('flag-missing', 'Which queue?', {
      where: 'worker',
      fix: 'add --queue NAME, or begin the pipeline with fetch-task',
    })
  const { queue: queueName, visibilityTimeout, retryTimes } = options
  const given = Object.entries({ queueName, visibilityTimeout, retryTimes }).filter(
    ([, value]) => value !== undefined,
  )
  const deletes = steps.some(({ operator }) => operator === DELETE)
  return {
    schema: 1,
    globals: {
      ...pipeline.globals,
      ...(options.mip === 0 ? {} : { mip: options.mip }),
      ...(options.dryRun ? { dryRun: true } : {}),
    },
    steps: [
      {
        ...fetching,
        operator: FETCH,
        options: { ...fetching?.options, ...Object.fromEntries(given) } as RawOptions,
      },
      ...steps,
      ...(deletes ? [] : [{ operator: DELETE, options: {} }]),
    ],
  }
}

const FETCH = 'fetch-task-from-sqs'
const DELETE = 'delete-task-in-queue'
