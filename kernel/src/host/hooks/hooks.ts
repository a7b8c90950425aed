import { chunkflowError, type HookHandlers, type Logger } from '../../authoring/index.js'

export type HookEvent = keyof HookHandlers

/** A hook made for one run. */
export interface ActiveHook {
  readonly name: string
  readonly critical: boolean
  readonly handlers: HookHandlers
}

/** Calls hooks at lifecycle points; finishing events run in reverse order. */
export interface HookDispatcher {
  emit<E extends HookEvent>(event: E, ...args: Parameters<NonNullable<HookHandlers[E]>>): Promise<void>
}

const REVERSED: ReadonlySet<HookEvent> = new Set([
  'operatorFinished',
  'taskFinished',
  'taskSkipped',
  'taskFailed',
  'taskAcknowledged',
  'runFinished',
])
/** Critical hooks fail the task only where a task can still fail. */
const FAILING: ReadonlySet<HookEvent> = new Set([
  'runPlanned',
  'runStarted',
  'taskStarted',
  'operatorStarted',
  'operatorFinished',
  'taskFinished',
])

/** @param hooks in plugin-name order */
export function createHookDispatcher(hooks: readonly ActiveHook[], logger: Logger): HookDispatcher {
  const disabled = new Set<ActiveHook>()
  return {
    async emit(event, ...args) {
      for (const hook of REVERSED.has(event) ? [...hooks].reverse() : hooks) {
        const handler = hook.handlers[event] as ((...values: unknown[]) => unknown) | undefined
        if (handler === undefined || disabled.has(hook)) continue
        try {
          await handler.apply(hook.handlers, args.map(freezeView))
        } catch (cause) {
          if (hook.critical && FAILING.has(event))
            throw chunkflowError('unexpected', `Hook "${hook.name}" failed: ${(cause as Error).message}`, {
              where: event,
              cause,
            })
          disabled.add(hook)
          logger.warn(`hook "${hook.name}" failed at ${event} and is disabled: ${(cause as Error).message}`)
        }
      }
    },
  }
}

const freezeView = (view: unknown): unknown =>
  typeof view === 'object' && view !== null && !(view instanceof Error) ? Object.freeze({ ...view }) : view
