import { fileURLToPath } from 'node:url'
import {
  allocate,
  chunkflowError,
  type Logger,
  type PythonSession,
  type PythonSettings,
  type PythonValue,
  type TypedArray,
} from '@chunkflow/sdk'
import type { LastWords } from './last-words.js'
import { crashed, type Ending, FIRST_DESCRIPTOR, PythonProcess } from './python-process.js'
import { SharedMemory, sharedFolders } from './shared-memory.js'
import { arraysIn, decodeValue, encodeValue, type Json, lengthOf, type PlacedArray, suits } from './values.js'

export interface HostSettings {
  /** The shipped folder of Python code. */
  readonly python: URL
  readonly logger: Logger
  readonly environment: NodeJS.ProcessEnv
}

interface Failure {
  readonly what: string
  readonly where: string | null
  readonly hint: string | null
  readonly traceback: string
}

interface Reply {
  readonly version?: string
  readonly ready?: true
  readonly missing?: { readonly name: string; readonly reason: string }
  readonly failure?: Failure
  /** The script has no such function. */
  readonly absent?: string
  /** The result cannot be sent. */
  readonly refused?: string
  readonly result?: Json
  readonly held?: readonly (readonly (readonly [number, number])[])[]
}

const interrupted = () => chunkflowError('run-interrupted', 'The work was stopped', { retryable: true })

/** Starts a process, checks what it needs, loads the script. */
export async function startSession(settings: PythonSettings, host: HostSettings): Promise<PythonSession> {
  if (settings.signal?.aborted) throw interrupted()
  const environment = { ...host.environment, ...settings.environment }
  const executable = settings.executable || environment.CHUNKFLOW_PYTHON || 'python3'
  const memory = await SharedMemory.open(sharedFolders(environment))
  const worker = new PythonProcess({
    executable,
    entry: new URL(`${host.python.href}/start.py`),
    environment,
    descriptors: memory.descriptors,
    onOutput: settings.print ?? ((line) => host.logger.info(line)),
    onError: (line) => host.logger.warn(line),
    onDump: (line) => host.logger.debug(line),
  })
  const session = new Session(executable, settings.label, worker, memory, host.logger)
  void worker.ended.then(() => session.idle()).then(() => memory.close())
  settings.signal?.addEventListener('abort', session.abandon, { once: true })
  void worker.ended.then(() => settings.signal?.removeEventListener('abort', session.abandon))
  try {
    await session.load(settings)
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

class Session implements PythonSession {
  readonly executable: string
  version = ''
  readonly #label: string
  readonly #process: PythonProcess
  readonly #memory: SharedMemory
  readonly #logger: Logger
  #turn: Promise<unknown> = Promise.resolve()
  #abandoned = false
  #closed: Promise<void> | undefined

  constructor(
    executable: string,
    label: string,
    process: PythonProcess,
    memory: SharedMemory,
    logger: Logger,
  ) {
    this.executable = executable
    this.#label = label
    this.#process = process
    this.#memory = memory
    this.#logger = logger
  }

  get processId(): number | undefined {
    return this.#process.processId
  }

  /** Settles when no call is under way. */
  async idle(): Promise<void> {
    await this.#turn
  }

  async load({ script, requires = [] }: PythonSettings): Promise<void> {
    this.#process.send({
      script: fileURLToPath(script),
      requires,
      memory: this.#memory.descriptors.map((_, index) => FIRST_DESCRIPTOR + index),
    })
    const hello = await this.#process.receive()
    if ('ending' in hello)
      throw this.#abandoned
        ? interrupted()
        : notPython(this.executable, hello.ending, this.#process.lastWords)
    const { version } = hello.message as Reply
    this.version = version ?? ''
    const [major = 0, minor = 0] = this.version.split('.').map(Number)
    if (major < 3 || (major === 3 && minor < 8))
      throw chunkflowError('python-too-old', `${this.executable} is Python ${version}`, {
        fix: 'name Python 3.8 or newer with --python or CHUNKFLOW_PYTHON',
      })
    const { missing } = await this.#reply()
    if (missing !== undefined)
      throw chunkflowError(
        'python-module-missing',
        `${this.executable} (Python ${version}) has no module ${missing.name}: ${missing.reason}`,
        {
          fix: `${this.executable} -m pip install ${missing.name}, or name another Python with --python or CHUNKFLOW_PYTHON`,
        },
      )
  }

  call: PythonSession['call'] = (name, args, options = {}) => {
    const job = this.#turn.then(() => this.#call(name, args, options))
    this.#turn = job.catch(() => {})
    return job
  }

  async #call(
    name: string,
    args: readonly PythonValue[],
    { into = [], signal }: { into?: readonly TypedArray[]; signal?: AbortSignal },
  ): Promise<PythonValue> {
    if (signal?.aborted || this.#abandoned) throw interrupted()
    if (!this.#process.alive || this.#closed !== undefined)
      throw chunkflowError('python-crashed', `The Python process of ${this.#label} has ended already`)
    signal?.addEventListener('abort', this.abandon, { once: true })
    try {
      const places = await this.#memory.send(args.flatMap(arraysIn))
      this.#process.send({
        name,
        args: args.map((value) => encodeValue(value, (array) => places.get(array)!)),
      })
      const reply = await this.#reply()
      this.#memory.keep(reply.held ?? [])
      if (reply.absent !== undefined)
        throw chunkflowError('python-result', `${this.#label} has no function ${reply.absent}`)
      if (reply.refused !== undefined)
        throw chunkflowError('python-result', `${this.#label} cannot give back ${reply.refused}`, {
          fix: 'return None, numbers, text, NumPy arrays, or lists and dicts of them',
        })
      return await this.#receive(reply.result!, into)
    } finally {
      signal?.removeEventListener('abort', this.abandon)
    }
  }

  async #receive(result: Json, into: readonly TypedArray[]): Promise<PythonValue> {
    const fetched: { readonly array: PlacedArray; readonly target: TypedArray }[] = []
    const value = decodeValue(result, (array) => {
      const target = into[fetched.length] ?? allocate(array.dtype, lengthOf(array.shape))
      if (!suits(target, array))
        throw chunkflowError(
          'python-result',
          `${this.#label} gave ${array.dtype} ${array.shape.join('×')} where ${target.length} elements of ${target.constructor.name} are needed`,
        )
      fetched.push({ array, target })
      return target
    })
    if (fetched.length < into.length)
      throw chunkflowError(
        'python-result',
        `${this.#label} gave ${fetched.length} arrays where ${into.length} are needed`,
      )
    for (const { array, target } of fetched) await this.#memory.receive(array, target)
    return value
  }

  /** The next message; the end of the process and exceptions become errors. */
  async #reply(): Promise<Reply> {
    const received = await this.#process.receive()
    if ('ending' in received) {
      if (this.#abandoned) throw interrupted()
      throw crashed(this.#label, received.ending, this.#process.lastWords)
    }
    const reply = received.message as Reply
    if (reply.failure === undefined) return reply
    this.#memory.keep(reply.held ?? [])
    const { what, where, hint, traceback } = reply.failure
    this.#logger.debug(traceback.trimEnd())
    throw chunkflowError('python-exception', `${this.#label}: ${what}`, {
      fix: hint ?? '--log-level debug shows the whole traceback',
      ...(where === null ? {} : { where }),
    })
  }

  /** Work that is not wanted any more: the process cannot be asked in the middle of it. */
  abandon = (): void => {
    this.#abandoned = true
    void this.#process.kill()
  }

  close(): Promise<void> {
    this.#closed ??= this.#process.close()
    return this.#closed
  }
}

function notPython(executable: string, { failure, code, signal }: Ending, { lines }: LastWords) {
  const reason =
    failure?.code === 'ENOENT'
      ? 'there is no such program'
      : failure !== undefined
        ? (failure.code ?? failure.message)
        : `it ended ${signal === null ? `with code ${code}` : `by ${signal}`}${lines.length > 0 ? `: ${lines.at(-1)}` : ''}`
  return chunkflowError('python-missing', `Python could not be started as "${executable}": ${reason}`, {
    fix: 'install Python 3.8 or newer with NumPy, or name it with --python or CHUNKFLOW_PYTHON',
  })
}
