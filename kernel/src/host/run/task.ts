import { chunkflowError, formatBox, type SourceTask, type Task, type TaskLog } from '../../authoring/index.js'

/** A task of the run, made from what a source yields. */
export function createTask({ variables = {}, bbox, lease, log = {} }: SourceTask): Task {
  const values = new Map<string, unknown>(Object.entries(variables))
  if (bbox !== undefined) values.set('bbox', bbox)
  const taskLog: TaskLog = { timer: {}, ...(bbox === undefined ? {} : { bbox: formatBox(bbox) }), ...log }
  return Object.freeze({
    log: taskLog,
    lease,
    get<T>(name: string): T {
      if (!values.has(name))
        throw chunkflowError('task-variable-missing', `The task has no variable "${name}"`, {
          fix: `it has: ${[...values.keys()].join(', ') || 'none'}`,
        })
      return values.get(name) as T
    },
    set: (name: string, value: unknown) => void values.set(name, value),
    has: (name: string) => values.has(name),
    delete: (name: string) => void values.delete(name),
    names: () => [...values.keys()],
  })
}
