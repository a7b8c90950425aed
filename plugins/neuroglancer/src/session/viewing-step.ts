import type { RunContext, Step, Task } from '@chunkflow/sdk'
import type { Session } from './session.js'

/**
 * The step of a viewing operator: shows, waits for the person, ends the page and lets the chain go on. Without waiting the
 * page lives until the next task or the end of the chain.
 */
export function viewingStep(
  waits: boolean,
  show: (task: Task, context: RunContext, button: string | undefined) => Promise<Session>,
): Step {
  let session: Session | undefined
  const close = async (): Promise<void> => {
    const open = session
    session = undefined
    await open?.close()
  }
  return {
    async run(task, context) {
      await close()
      session = await show(task, context, waits ? 'Continue the chain' : undefined)
      if (!waits) return
      try {
        const reason = await session.wait()
        if (reason !== 'stopped') context.logger.info('viewer closed, the chain goes on')
      } finally {
        await close()
      }
      context.signal.throwIfAborted()
    },
    dispose: close,
  }
}
