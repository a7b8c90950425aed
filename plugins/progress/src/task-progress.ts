import {
  formatBox,
  type HookHandlers,
  type Logger,
  type Progress,
  type ProgressBar,
  type TaskView,
} from '@chunkflow/sdk'
import { formatSeconds } from './format.js'

export interface TaskProgressSettings {
  readonly progress: Progress
  readonly logger: Pick<Logger, 'info'>
  /** Milliseconds that never go back. */
  readonly now?: () => number
}

/** Between two lines about finished tasks. */
const LINE_MS = 10_000

/**
 * Says which task and which operator a run of several tasks is at, how long finished ones took (at most one line in 10 s),
 * and at the end how many there were. A run of one task shows nothing. How many tasks there will be is shown when the run
 * knows; else a run counts as one of several from its second task on.
 */
export function createTaskProgress({
  progress,
  logger,
  now = () => performance.now(),
}: TaskProgressSettings): HookHandlers {
  const runStartedMs = now()
  let total: number | undefined
  let several = false
  let taskStartedMs = 0
  let lineMs = now()
  let current: ProgressBar | undefined
  const counts = { finished: 0, skipped: 0, failed: 0 }

  const nameOf = ({ index, bbox }: TaskView): string =>
    `task ${index + 1}${total === undefined ? '' : ` of ${total}`}${bbox === undefined ? '' : ` ${formatBox(bbox)}`}`
  const leave = (): void => {
    current?.end()
    current = undefined
  }
  const endTask = (task: TaskView, outcome: keyof typeof counts): void => {
    leave()
    counts[outcome] += 1
    if (!several || now() - lineMs < LINE_MS) return
    lineMs = now()
    logger.info(`${nameOf(task)} ${outcome} after ${formatSeconds((now() - taskStartedMs) / 1000)}`)
  }

  return {
    runStarted(run) {
      total = run.taskCount
      several = total !== undefined && total > 1
    },
    taskStarted(task) {
      several ||= task.index > 0
      taskStartedMs = now()
    },
    operatorStarted(step, task) {
      leave()
      if (several) current = progress.start(`${nameOf(task)}: ${step.name}`, undefined)
    },
    operatorFinished: leave,
    taskFinished: (task) => endTask(task, 'finished'),
    taskSkipped: (task) => endTask(task, 'skipped'),
    taskFailed: (task) => endTask(task, 'failed'),
    runFinished({ tasks }) {
      leave()
      if (!several) return
      const special = (['skipped', 'failed'] as const).filter((outcome) => counts[outcome] > 0)
      const aside = special.map((outcome) => `${counts[outcome]} ${outcome}`).join(', ')
      const seconds = (now() - runStartedMs) / 1000
      logger.info(`${tasks} tasks in ${formatSeconds(seconds)}${aside === '' ? '' : ` (${aside})`}`)
    },
  }
}
