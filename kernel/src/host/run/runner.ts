import {
  type BoundingBox,
  type CreateContext,
  chunkflowError,
  errorAt,
  formatBox,
  isChunkflowError,
  isOutcome,
  type Lease,
  type Logger,
  type Outcome,
  optionalBoxOf,
  type Progress,
  type RunContext,
  type SourceTask,
  type Step,
  type Task,
  type TaskSource,
  type TaskView,
} from '../../authoring/index.js'
import type { ServiceContainer } from '../container/container.js'
import type { HookDispatcher } from '../hooks/hooks.js'
import { isSkipTarget, type Plan, type PlannedSource, type PlannedStep } from '../plan/plan.js'
import type { Registry } from '../registry/registry.js'
import { keepLease } from './lease-keeper.js'
import { createTask } from './task.js'

export interface RunSettings {
  readonly registry: Registry
  readonly services: ServiceContainer
  readonly hooks: HookDispatcher
  readonly logger: Logger
  readonly progress: Progress
  /** Stops the run: the task in hand is abandoned and its lease released. */
  readonly signal: AbortSignal
  readonly onInterrupt: RunContext['onInterrupt']
  /** Variables that the task of a chain without a source starts with. */
  readonly variables: Readonly<Record<string, unknown>>
  /** Gets every task that passed through the whole chain. */
  readonly onTask: (task: Task) => void
  /** Called when a step has let go of what it worked with. */
  readonly afterStep: () => void
  /** Waits; ends at once when the run is stopped. */
  readonly pause: (seconds: number, signal: AbortSignal) => Promise<void>
}

export interface RunResult {
  readonly tasks: number
  readonly failures: number
}

/**
 * Runs a plan, one task at a time: the source is asked for the next one after the previous is finished and
 * acknowledged. A failed task ends the run, unless it holds a lease: then it is released or put aside and the run goes on.
 */
export async function runPlan(plan: Plan, settings: RunSettings): Promise<RunResult> {
  const { hooks, logger, signal } = settings
  const steps = new Map<PlannedStep, Step>()
  let tasks = 0
  let failures = 0
  let released = 0
  let source: TaskSource | undefined
  let failure: unknown
  await hooks.emit('runPlanned', runView(plan, undefined))
  try {
    source = await openSource(plan, settings)
    await hooks.emit('runStarted', runView(plan, plan.source === undefined ? 1 : await source.count?.()))
    const taskRange = await source.range?.()
    const context: RunContext = {
      signal,
      logger,
      progress: settings.progress,
      taskRange,
      onInterrupt: settings.onInterrupt,
    }
    for await (const offered of source.tasks(context)) {
      if (signal.aborted) {
        await offered.lease?.release('the run was stopped')
        throw interrupted()
      }
      const outcome = await runTask(plan, settings, steps, context, offered, tasks)
      tasks += 1
      if (outcome === 'failed' || outcome === 'released') failures += 1
      released = outcome === 'released' ? released + 1 : 0
      if (released > 0 && !signal.aborted) {
        logger.info(`the reason may pass: going on in ${backOffSeconds(released)} s`)
        await settings.pause(backOffSeconds(released), signal)
      }
    }
    if (signal.aborted) throw interrupted()
    return { tasks, failures }
  } catch (error) {
    failure = error
    throw error
  } finally {
    await disposeSteps(steps, source, logger)
    await hooks.emit('runFinished', {
      failed: failure !== undefined || failures > 0,
      tasks,
      ...(failure === undefined ? {} : { error: failure }),
    })
  }
}

const LONGEST_PAUSE_SECONDS = 60

/** A full disk or a store out of reach fails every task: 1, 2, 4, … seconds, so that a worker does not spin through its queue. */
const backOffSeconds = (failuresInARow: number): number =>
  Math.min(LONGEST_PAUSE_SECONDS, 2 ** (failuresInARow - 1))

const interrupted = () =>
  chunkflowError('run-interrupted', 'The run was stopped before it was finished', {
    retryable: true,
    fix: 'run the same command again: finished tasks can be skipped with skip-task-by-file',
  })

const runView = (plan: Plan, taskCount: number | undefined) => ({
  steps: plan.steps.map(({ index, name, definition }) => ({ index, name, operator: definition.name })),
  globals: plan.globals,
  taskCount,
})

async function openSource(plan: Plan, settings: RunSettings): Promise<TaskSource> {
  if (plan.source === undefined) return { tasks: () => [{ variables: settings.variables }] }
  try {
    return (await plan.source.definition.create(
      await createContext(plan.source, plan, settings),
    )) as TaskSource
  } catch (error) {
    throw located(error, plan.source.name)
  }
}

async function createContext(
  step: PlannedStep | PlannedSource,
  plan: Plan,
  settings: RunSettings,
): Promise<CreateContext<never, never>> {
  return {
    options: step.options as never,
    services: (await settings.services.resolve(step.definition.services ?? {})) as never,
    globals: plan.globals,
    name: step.name,
    logger: settings.logger,
    workers: step.plugin.workers,
    assets: step.plugin.assets,
  }
}

async function runTask(
  plan: Plan,
  settings: RunSettings,
  steps: Map<PlannedStep, Step>,
  context: RunContext,
  offered: SourceTask,
  index: number,
): Promise<'finished' | 'skipped' | 'failed' | 'released'> {
  const { hooks, logger } = settings
  const task = createTask(offered)
  const view = (): TaskView => ({ index, bbox: optionalBoxOf(task), log: task.log })
  const stopKeeping = keepLease(offered.lease, logger)
  try {
    await hooks.emit('taskStarted', view())
    const skipped = await passThroughChain(plan, settings, steps, context, task, view)
    stopKeeping()
    if (skipped === undefined) settings.onTask(task)
    if (skipped === undefined) await hooks.emit('taskFinished', view())
    else await hooks.emit('taskSkipped', view(), skipped)
    return skipped === undefined ? 'finished' : 'skipped'
  } catch (error) {
    stopKeeping()
    await hooks.emit('taskFailed', view(), error)
    if (offered.lease === undefined || settings.signal.aborted) {
      if (offered.lease !== undefined) await giveBack(offered.lease, 'the run was stopped', true, logger)
      throw error
    }
    const reason = reasonOf(error)
    const fix = isChunkflowError(error) && error.fix !== undefined ? `\n  fix  ${error.fix}` : ''
    logger.error(`task ${task.log.bbox ?? index} failed: ${reason}${fix}`)
    const retryable = isChunkflowError(error) && error.retryable
    await giveBack(offered.lease, reason, retryable, logger)
    return retryable ? 'released' : 'failed'
  }
}

/** A sentence with the operator and the code, by which failed tasks can be sorted. */
function reasonOf(error: unknown): string {
  if (!isChunkflowError(error)) return error instanceof Error ? error.message : String(error)
  const [operator] = (error.where[0] ?? '').split(TASK)
  return `${operator === '' ? '' : `${operator}: `}${error.what} (${error.code})`
}

/**
 * Releases a task that may succeed later and puts others aside. When the queue cannot be told, the lease runs out by
 * itself: the task's own failure stays the news.
 */
async function giveBack(lease: Lease, reason: string, retryable: boolean, logger: Logger): Promise<void> {
  try {
    if (retryable || lease.deadLetter === undefined) await lease.release(reason)
    else await lease.deadLetter(reason)
  } catch (error) {
    logger.warn(`could not give the task back to its queue: ${(error as Error).message}`)
  }
}

/** @returns the reason when the task was skipped */
async function passThroughChain(
  plan: Plan,
  settings: RunSettings,
  steps: Map<PlannedStep, Step>,
  context: RunContext,
  task: Task,
  view: () => TaskView,
): Promise<string | undefined> {
  const { hooks, registry } = settings
  let ended: { reason: string; acknowledge: boolean } | undefined
  let target: string | undefined
  let targetReason = ''
  for (const planned of plan.steps) {
    const stepView = { index: planned.index, name: planned.name, operator: planned.definition.name }
    const leaveOut = (reason: string) => hooks.emit('operatorSkipped', stepView, view(), reason)
    if (ended !== undefined && !(ended.acknowledge && planned.definition.acknowledges)) {
      await leaveOut(ended.reason)
      continue
    }
    const arrives: boolean = target !== undefined && isSkipTarget(target, planned, registry)
    if (target !== undefined && !arrives) {
      await leaveOut(targetReason)
      continue
    }
    target = undefined
    const nothing = ended === undefined && !arrives ? nullInput(planned, task) : undefined
    if (nothing !== undefined) {
      for (const output of planned.outputs) task.set(output.variable, null)
      await leaveOut(`"${nothing}" is null`)
      continue
    }
    await hooks.emit('operatorStarted', stepView, view())
    const started = performance.now()
    const outcome = await runStep(plan, settings, steps, context, planned, task, arrives)
    const seconds = (performance.now() - started) / 1000
    if (planned.definition.timed) task.log.timer[planned.name] = seconds
    await hooks.emit('operatorFinished', stepView, view(), seconds)
    settings.afterStep()
    if (planned.definition.acknowledges && !plan.globals.dryRun) await hooks.emit('taskAcknowledged', view())
    if (outcome?.kind === 'skip') {
      settings.logger.info(`skipped: ${outcome.reason}`)
      ended = { reason: outcome.reason, acknowledge: outcome.outcome === 'done' }
    } else if (outcome?.kind === 'skip-to') {
      settings.logger.info(`skipping to ${outcome.target}: ${outcome.reason}`)
      target = outcome.target
      targetReason = outcome.reason
    }
  }
  return ended?.reason
}

/** The first input that is null although the operator cannot take null. */
function nullInput(planned: PlannedStep, task: Task): string | undefined {
  return planned.inputs.find(
    ({ variable, nullable }) => !nullable && task.has(variable) && task.get(variable) === null,
  )?.variable
}

async function runStep(
  plan: Plan,
  settings: RunSettings,
  steps: Map<PlannedStep, Step>,
  context: RunContext,
  planned: PlannedStep,
  task: Task,
  arrives: boolean,
): Promise<Outcome | undefined> {
  const { logger, signal } = settings
  try {
    if (signal.aborted) throw interrupted()
    let step = steps.get(planned)
    if (step === undefined) {
      step = (await planned.definition.create(
        (await createContext(planned, plan, settings)) as never,
      )) as Step
      steps.set(planned, step)
    }
    if (plan.globals.dryRun) return await dryRunStep(planned, step, task, context, logger)
    if (arrives) await step.arriveSkipped?.(task, context)
    const outcome = await step.run(task, context)
    return isOutcome(outcome) ? outcome : undefined
  } catch (error) {
    if (signal.aborted && !(isChunkflowError(error) && error.code === 'run-interrupted'))
      throw located(interrupted(), planned.name, task)
    throw located(error, planned.name, task)
  }
}

const leftOutInDryRun = (planned: PlannedStep, step: Step): boolean =>
  (planned.definition.effects === 'write' || planned.definition.effects === 'interactive') &&
  step.dryRun === undefined

async function dryRunStep(
  planned: PlannedStep,
  step: Step,
  task: Task,
  context: RunContext,
  logger: Logger,
): Promise<Outcome | undefined> {
  if (leftOutInDryRun(planned, step)) {
    logger.info(`dry run: ${planned.name} left out`)
    return undefined
  }
  const outcome = await (step.dryRun === undefined ? step.run(task, context) : step.dryRun(task, context))
  return isOutcome(outcome) ? outcome : undefined
}

/** Between the operator and the task in the `where` of an error. */
const TASK = ', task '

/** The error with the operator and the task in its `where`; other errors become `unexpected` ones with their stack kept. */
function located(error: unknown, name: string, task?: Task): unknown {
  const box: BoundingBox | undefined = task === undefined ? undefined : optionalBoxOf(task)
  const place = box === undefined ? name : `${name}${TASK}${formatBox(box)}`
  if (isChunkflowError(error)) return errorAt(error, place)
  const message = error instanceof Error ? error.message : String(error)
  return chunkflowError('unexpected', `${name} failed: ${message}`, {
    where: place,
    cause: error,
    fix: 'run with --verbose for details; if the options look right, please report this',
  })
}

async function disposeSteps(
  steps: ReadonlyMap<PlannedStep, Step>,
  source: TaskSource | undefined,
  logger: Logger,
): Promise<void> {
  for (const dispose of [
    ...[...steps.values()].reverse().map((step) => () => step.dispose?.()),
    () => source?.dispose?.(),
  ]) {
    try {
      await dispose()
    } catch (error) {
      logger.warn(`could not clean up: ${(error as Error).message}`)
    }
  }
}
