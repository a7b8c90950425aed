import type { Logger } from '@chunkflow/sdk'
import type { Keyword } from './keywords.js'

/** A loaded plugin file. */
export interface ScriptRunner {
  /** Calls its `execute` with the inputs by position. @returns what it returned, in our terms */
  execute(
    inputs: readonly unknown[],
    keywords: readonly Keyword[],
    context: { readonly signal: AbortSignal; readonly logger: Logger },
  ): Promise<unknown>
  dispose(): Promise<void>
}
