import { type BoundingBox, isBoundingBox } from '../chunk/bounding-box.js'
import { type Chunk, isChunk } from '../chunk/chunk.js'
import { chunkflowError } from '../errors/chunkflow-error.js'

/** Uploaded by save-precomputed and sent by cloud-watch. `timer` holds seconds by operator instance. */
export interface TaskLog {
  readonly timer: Record<string, number>
  bbox?: string
  compute_device?: string
  [key: string]: unknown
}

/** A claim on a queue message, kept alive while the task runs. */
export interface Lease {
  /** Postpones the moment at which the queue offers the task to somebody else. */
  extend(): Promise<void>
  /** Seconds after which an unextended lease ends. */
  readonly seconds: number
  /** The task is done: remove it from the queue. */
  acknowledge(): Promise<void>
  /** Gives the task back at once. */
  release(reason: string): Promise<void>
  /** Puts the task aside for a person to look at; queues without dead letters release it. */
  deadLetter?(reason: string): Promise<void>
}

/** One unit of work: named variables, a log, perhaps a lease. Owned by one pass through the chain. */
export interface Task {
  /** The value of a variable. @throws task-variable-missing, naming what is there */
  get<T = unknown>(name: string): T
  set(name: string, value: unknown): void
  has(name: string): boolean
  delete(name: string): void
  names(): readonly string[]
  readonly log: TaskLog
  readonly lease: Lease | undefined
}

/** A chunk variable. @throws task-variable-missing, plan-kind-mismatch */
export function chunkOf(task: Task, name: string): Chunk {
  const value = task.get(name)
  if (!isChunk(value))
    throw chunkflowError('plan-kind-mismatch', `Variable "${name}" is ${describeValue(value)}, not a chunk`)
  return value
}

/** The task's bounding box. @throws task-no-bbox */
export function boxOf(task: Task): BoundingBox {
  const box = task.has('bbox') ? task.get('bbox') : undefined
  if (!isBoundingBox(box))
    throw chunkflowError('task-no-bbox', 'The task has no bounding box', {
      fix: 'start the chain with create-bbox, generate-tasks or fetch-task',
    })
  return box
}

/** The task's bounding box, if it has one. */
export function optionalBoxOf(task: Task): BoundingBox | undefined {
  const box = task.has('bbox') ? task.get('bbox') : undefined
  return isBoundingBox(box) ? box : undefined
}

/** `a chunk`, `a list of 3`, `null`, `text`: for messages. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (isChunk(value)) return 'a chunk'
  if (isBoundingBox(value)) return 'a bounding box'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'string') return 'text'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
