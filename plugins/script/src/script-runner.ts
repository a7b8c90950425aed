import type { Compute, Logger } from '@chunkflow/sdk'
import type { Keyword } from './keywords.js'

/** What a JavaScript file gets besides its inputs and keywords. */
export interface ScriptContext {
  readonly signal: AbortSignal
  readonly logger: Logger
  /** For the functions of `@chunkflow/sdk/numerics`. */
  readonly compute: Compute
}

/** A loaded plugin file. */
export interface ScriptRunner {
  /** Calls its `execute` with the inputs by position. @returns what it returned, in our terms */
  execute(inputs: readonly unknown[], keywords: readonly Keyword[], context: ScriptContext): Promise<unknown>
  dispose(): Promise<void>
}
