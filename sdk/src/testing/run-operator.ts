import {
  type AnyOperator,
  type BoundingBox,
  chunkflowError,
  type Logger,
  type Outcome,
  parseOptions,
  type RawOptions,
  type RunGlobals,
  SILENT_PROGRESS,
  type SourceTask,
  type Step,
  type Task,
  type TaskLog,
  type TaskSource,
} from '@chunkflow/kernel/authoring'

/** What a logger was told, by level; `result` are the lines for stdout. */
export interface RecordedMessages {
  readonly debug: string[]
  readonly info: string[]
  readonly warn: string[]
  readonly error: string[]
  readonly result: string[]
}

export function recordingLogger(): { logger: Logger; messages: RecordedMessages } {
  const messages: RecordedMessages = { debug: [], info: [], warn: [], error: [], result: [] }
  const logger: Logger = {
    debug: (message) => void messages.debug.push(message),
    info: (message) => void messages.info.push(message),
    warn: (message) => void messages.warn.push(message),
    error: (message) => void messages.error.push(message),
    result: (line) => void messages.result.push(line),
  }
  return { logger, messages }
}

/** A task as the kernel makes it, outside a run. */
export function testTask(variables: Readonly<Record<string, unknown>> = {}): Task {
  const values = new Map(Object.entries(variables))
  const log: TaskLog = { timer: {} }
  return {
    log,
    lease: undefined,
    get: <T>(name: string): T => {
      if (!values.has(name))
        throw chunkflowError(
          'task-variable-missing',
          `The task has no variable "${name}" (it has: ${[...values.keys()].join(', ') || 'none'})`,
        )
      return values.get(name) as T
    },
    set: (name, value) => void values.set(name, value),
    has: (name) => values.has(name),
    delete: (name) => void values.delete(name),
    names: () => [...values.keys()],
  }
}

export interface OperatorRun {
  /** As in a pipeline file: camelCase keys, typed values. */
  readonly options?: RawOptions
  readonly variables?: Readonly<Record<string, unknown>>
  readonly services?: Readonly<Record<string, unknown>>
  readonly globals?: Partial<RunGlobals>
  readonly workers?: Readonly<Record<string, URL>>
  readonly assets?: Readonly<Record<string, URL>>
  readonly taskRange?: BoundingBox
  /** As the kernel in a dry run: `dryRun` instead of `run`; without it a step that writes or waits is left out. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
}

export interface OperatorResult {
  readonly task: Task
  readonly outcome: Outcome | undefined
  readonly messages: RecordedMessages
}

/** Runs one operator on one task: options validated, step created, run, disposed. */
export async function runOperator(definition: AnyOperator, run: OperatorRun = {}): Promise<OperatorResult> {
  const step = await openStep(definition, run)
  try {
    return await step.run(run.variables)
  } finally {
    await step.dispose()
  }
}

/** A step that serves one task after the other, as in a run. */
export interface OpenStep {
  readonly step: Step
  run(variables?: Readonly<Record<string, unknown>>): Promise<OperatorResult>
  /** The task skipped what stands before the step. */
  arriveSkipped(variables?: Readonly<Record<string, unknown>>): Promise<OperatorResult>
  dispose(): Promise<void>
}

/** Makes the step of an operator for several tasks; dispose it. */
export async function openStep(
  definition: AnyOperator,
  run: Omit<OperatorRun, 'variables'> = {},
): Promise<OpenStep> {
  const { logger, messages } = recordingLogger()
  const step = (await createForTest(definition, run, logger)) as Step
  const context = {
    signal: run.signal ?? new AbortController().signal,
    logger,
    progress: SILENT_PROGRESS,
    taskRange: run.taskRange,
    onInterrupt: () => () => {},
  }
  const leftOut = definition.effects === 'write' || definition.effects === 'interactive'
  const runTask = async (task: Task): Promise<OperatorResult> => {
    const outcome = await (!run.dryRun
      ? step.run(task, context)
      : step.dryRun !== undefined
        ? step.dryRun(task, context)
        : leftOut
          ? undefined
          : step.run(task, context))
    return { task, outcome: outcome ?? undefined, messages }
  }
  return {
    step,
    run: (variables) => runTask(testTask(variables)),
    arriveSkipped: async (variables) => {
      const task = testTask(variables)
      await step.arriveSkipped?.(task, context)
      return runTask(task)
    },
    dispose: async () => step.dispose?.(),
  }
}

/** All tasks of a source. */
export async function runSource(
  definition: AnyOperator,
  run: OperatorRun = {},
): Promise<{ tasks: SourceTask[]; range: BoundingBox | undefined; messages: RecordedMessages }> {
  const { logger, messages } = recordingLogger()
  const source = (await createForTest(definition, run, logger)) as TaskSource
  const tasks: SourceTask[] = []
  try {
    const range = await source.range?.()
    const context = { signal: run.signal ?? new AbortController().signal, logger, progress: SILENT_PROGRESS }
    for await (const task of source.tasks(context)) tasks.push(task)
    return { tasks, range, messages }
  } finally {
    await source.dispose?.()
  }
}

async function createForTest(
  definition: AnyOperator,
  run: OperatorRun,
  logger: Logger,
): Promise<Step | TaskSource> {
  const options = parseOptions(definition, run.options ?? {})
  return definition.create({
    options,
    services: run.services ?? {},
    globals: { mip: 0, dryRun: run.dryRun ?? false, ...run.globals },
    name: (options.name as string | undefined) ?? definition.name,
    logger,
    workers: run.workers ?? {},
    assets: run.assets ?? {},
  })
}
