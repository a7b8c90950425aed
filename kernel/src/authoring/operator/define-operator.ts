import type { BoundingBox } from '../chunk/bounding-box.js'
import type { ServiceNeeds, ServicesOf } from '../plugin/token.js'
import type { Logger, Progress } from './context.js'
import type { Flag, FlagOptions } from './flag.js'
import type { Outcome } from './outcome.js'
import type { VariableType } from './port.js'
import type { Lease, Task } from './task.js'

/**
 * `pure` computes, `read` reads files or volumes, `write` changes something outside, `interactive` waits for a person.
 * In a dry run the kernel leaves out the last two unless there is a `dryRun`.
 */
export type Effects = 'pure' | 'read' | 'write' | 'interactive'

type Flags = Readonly<Record<string, Flag<unknown>>>

/** Options of the whole run that operators may fall back on. */
export interface RunGlobals {
  readonly mip: number
  readonly dryRun: boolean
}

/** What `run` gets besides the task. */
export interface RunContext {
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly progress: Progress
  /** Everything the task source of this chain covers, when it knows: also what is left to other jobs. */
  readonly taskRange: BoundingBox | undefined
  /**
   * While a handler is registered, an interrupt (Ctrl-C) calls it instead of stopping the run: for steps that wait
   * for a person. Returns the function that unregisters it.
   */
  onInterrupt(handler: () => void): () => void
}

export interface CreateContext<F extends Flags, N extends ServiceNeeds> {
  readonly options: FlagOptions<F>
  readonly services: ServicesOf<N>
  readonly globals: RunGlobals
  /** Instance name: `--name`, or the operator's. */
  readonly name: string
  readonly logger: Logger
  /** Built worker entries of the plugin, by the names its definition gives them. */
  readonly workers: Readonly<Record<string, URL>>
  /** Where the plugin's assets lie, by the names its definition gives them. */
  readonly assets: Readonly<Record<string, URL>>
}

/** A step made for one run. */
export interface Step {
  run(task: Task, context: RunContext): Promise<Outcome | void> | Outcome | void
  /** Runs instead of `run` in a dry run: says what would happen and sets outputs later steps need. */
  dryRun?(task: Task, context: RunContext): Promise<Outcome | void> | Outcome | void
  /** Called before `run` when the task skipped to this step. */
  arriveSkipped?(task: Task, context: RunContext): Promise<void> | void
  /** Once per run, in reverse order of creation, also after a failure. */
  dispose?(): Promise<void> | void
}

/** What the planner hands to `infer`, `explain` and `estimate`: by flag key, the types of the variables of input ports. */
export type PortTypes = Readonly<Record<string, VariableType>>

interface Described<F extends Flags, N extends ServiceNeeds> {
  /** As typed on the command line. */
  readonly name: string
  readonly aliases?: readonly string[]
  /** One line, no full stop. */
  readonly summary: string
  /** Paragraphs for `--help` and the operator reference. */
  readonly description?: string
  /** Chains without the leading `chunkflow`, run as tests. */
  readonly examples: readonly string[]
  readonly flags: F
  readonly services?: N
  readonly effects: Effects
}

export interface OperatorDefinition<F extends Flags = Flags, N extends ServiceNeeds = ServiceNeeds>
  extends Described<F, N> {
  readonly role: 'operator'
  /** Stores wall seconds in `log.timer`; a text replaces the default timer name. */
  readonly timed?: boolean | string
  /** A short flag for `--name`, where an operator had one. */
  readonly nameChar?: string
  /** Keep unknown flags as `options.extra` (pairs of name and text) instead of refusing them. */
  readonly unknownFlags?: 'collect'
  /** Variables needed besides those named by flags. */
  readonly requires?: readonly string[]
  /** Flag keys whose variables are gone afterwards. */
  readonly deletes?: readonly string[]
  /** Variables written besides those named by flags. */
  readonly sets?: readonly string[]
  /** Further variables that may be written, depending on the options. Nothing is known of them afterwards. */
  readonly writes?: (options: FlagOptions<F>) => readonly string[]
  /** True for the step that removes finished tasks from their queue. */
  readonly acknowledges?: boolean
  /** Leave this step out of the pipeline digest: it does not change the result (logging, viewers). */
  readonly outsideDigest?: boolean
  /** Variables this step reads when its options say so; beyond the flags' ports. Names of instance targets it may skip to. */
  readonly skipTargets?: (options: FlagOptions<F>) => readonly string[]
  /** Types of the outputs, by flag key, from the types of the inputs. @throws ChunkflowError when they cannot work */
  readonly infer?: (inputs: PortTypes, options: FlagOptions<F>) => Readonly<Record<string, VariableType>>
  /** Lines for `chunkflow plan`: what the options mean for these inputs, as far as they are known. */
  readonly explain?: (inputs: PortTypes, options: FlagOptions<F>) => readonly string[]
  /**
   * For results on the grid of their inputs: how many voxels around a voxel, z y x, its result depends on. `[0, 0, 0]`
   * is that voxel alone, Infinity all of an axis. Left out or undefined, a result depends on the whole chunk, or lies
   * on another grid. What a declared halo promises, blocks computed one by one, is checked by the conformance kit.
   */
  readonly halo?: (options: FlagOptions<F>) => readonly [number, number, number] | undefined
  /** Bytes at the peak, besides what is already in the task; results are among them. */
  readonly estimate?: (inputs: PortTypes, options: FlagOptions<F>) => { readonly bytes: number } | undefined
  create(context: CreateContext<F, N>): Promise<Step> | Step
}

export interface SourceTask {
  readonly variables?: Readonly<Record<string, unknown>>
  readonly bbox?: BoundingBox
  readonly lease?: Lease
  readonly log?: Readonly<Record<string, unknown>>
}

/** A task source made for one run. */
export interface TaskSource {
  /** The kernel asks for the next task when the previous one is finished and acknowledged. */
  tasks(
    context: Pick<RunContext, 'signal' | 'logger' | 'progress'>,
  ): AsyncIterable<SourceTask> | Iterable<SourceTask>
  /** Everything the tasks cover, also those of the same list that other jobs do; when known before the first one. */
  range?(): Promise<BoundingBox | undefined> | BoundingBox | undefined
  /** How many tasks there will be, when known before the first one. */
  count?(): Promise<number | undefined> | number | undefined
  dispose?(): Promise<void> | void
}

export interface SourceDefinition<F extends Flags = Flags, N extends ServiceNeeds = ServiceNeeds>
  extends Described<F, N> {
  readonly role: 'source'
  /** Variables its tasks carry, `bbox` for instance. */
  readonly sets?: readonly string[]
  readonly nameChar?: string
  /** True when tasks come from a queue and must be acknowledged. */
  readonly queue?: boolean
  create(context: CreateContext<F, N>): Promise<TaskSource> | TaskSource
}

/** Either kind, with its option types forgotten. */
// biome-ignore lint/suspicious/noExplicitAny: definitions of all option types meet here
export type AnyOperator = OperatorDefinition<any, any> | SourceDefinition<any, any>

/** A step of a chain. One per file, default export. */
export function defineOperator<const F extends Flags, const N extends ServiceNeeds = Record<never, never>>(
  definition: Omit<OperatorDefinition<F, N>, 'role'>,
): OperatorDefinition<F, N> {
  return Object.freeze({ ...definition, role: 'operator' as const })
}

/** The first step of a chain: makes tasks. One per file, default export. */
export function defineSource<const F extends Flags, const N extends ServiceNeeds = Record<never, never>>(
  definition: Omit<SourceDefinition<F, N>, 'role'>,
): SourceDefinition<F, N> {
  return Object.freeze({ ...definition, role: 'source' as const })
}
