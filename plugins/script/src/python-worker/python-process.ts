import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chunkflowError } from '@chunkflow/sdk'
import { readFrames, writeFrame } from './frames.js'
import { LastWords } from './last-words.js'
import { readLines } from './lines.js'

export interface ProcessSettings {
  readonly executable: string
  /** `start.py` */
  readonly entry: URL
  readonly environment: NodeJS.ProcessEnv
  /** Open files that the process inherits; it sees them as 5, 6, ... */
  readonly descriptors: readonly number[]
  readonly onOutput: (line: string) => void
  readonly onError: (line: string) => void
  /** Gets what Python tells of its own crash. */
  readonly onDump: (line: string) => void
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It never ran. */
  readonly failure?: NodeJS.ErrnoException
}

export const FIRST_DESCRIPTOR = 5
/** How long the process may take to end once asked. */
const PATIENCE_MS = 2000
/** How long output may follow the end of the process. */
const DRAIN_MS = 200

/**
 * A process that gets a message and gives one back, in turn. It has a session of its own: an interrupt from the keyboard
 * reaches only us, and we end it.
 */
export class PythonProcess {
  readonly #child: ChildProcess
  readonly lastWords: LastWords
  readonly ended: Promise<Ending>
  #received: unknown[] = []
  #waiting: ((message: unknown) => void) | undefined
  #ending: Ending | undefined

  constructor(settings: ProcessSettings) {
    const { executable, entry, environment, descriptors } = settings
    this.lastWords = new LastWords(path.dirname(fileURLToPath(entry)))
    const child = spawn(executable, ['-B', fileURLToPath(entry), String(process.pid)], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', ...descriptors],
      env: environment,
      detached: true,
    })
    this.#child = child
    // a process that died cannot read: its end says more than the broken pipe
    for (const pipe of child.stdio) pipe?.on('error', () => {})
    readLines(child.stdout!, settings.onOutput)
    readLines(child.stderr!, (line) => {
      if (this.lastWords.add(line)) settings.onError(line)
      else settings.onDump(line)
    })
    readFrames(child.stdio[4] as Readable, (message) => {
      if (this.#waiting === undefined) this.#received.push(message)
      else this.#waiting(message)
    })
    this.ended = new Promise<Ending>((resolve) => {
      child.once('error', (failure) => {
        if (child.pid === undefined) resolve({ code: null, signal: null, failure })
      })
      child.once('exit', (code, signal) => {
        // helpers it started may hold its output open for ever
        const output = new Promise<void>((done) => void child.once('close', () => done()))
        void Promise.race([output, delay(DRAIN_MS, undefined, { ref: false })]).then(() => {
          for (const pipe of child.stdio) pipe?.destroy()
          this.#killGroup()
          resolve({ code, signal })
        })
      })
    })
    void this.ended.then((ending) => {
      this.#ending = ending
    })
  }

  get processId(): number | undefined {
    return this.#child.pid
  }

  get alive(): boolean {
    return this.#ending === undefined
  }

  send(message: unknown): void {
    if (this.alive) writeFrame(this.#child.stdio[3] as Writable, message)
  }

  /** The next message, or how the process ended without one. Lines printed before the message have been passed on. */
  async receive(): Promise<{ readonly message: unknown } | { readonly ending: Ending }> {
    const message = new Promise<{ message: unknown }>((resolve) => {
      if (this.#received.length > 0) resolve({ message: this.#received.shift() })
      else
        this.#waiting = (received) => {
          this.#waiting = undefined
          resolve({ message: received })
        }
    })
    const first = await Promise.race([message, this.ended.then((ending) => ({ ending }))])
    await nextTurn()
    return first
  }

  /** Asks it to end, then insists. */
  async close(): Promise<void> {
    this.send({ end: true })
    if (await this.#endsWithin(PATIENCE_MS)) return
    await this.kill()
  }

  /** Ends it whatever it does. */
  async kill(): Promise<void> {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      this.#child.kill(signal)
      if (await this.#endsWithin(PATIENCE_MS)) return
    }
    await this.ended
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    const abort = new AbortController()
    const timer = delay(milliseconds, false, { signal: abort.signal }).catch(() => false)
    const done = await Promise.race([this.ended.then(() => true), timer])
    abort.abort()
    return done
  }

  /** Processes that the script started and left. */
  #killGroup(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      // there are none
    }
  }
}

/** The end of a process as an error. */
export function crashed(label: string, { code, signal }: Ending, { lines, place }: LastWords) {
  const how = signal === null ? `with code ${code}` : `by ${signal}`
  const said = lines.map((line) => `\n    ${line}`).join('')
  return chunkflowError('python-crashed', `The Python process of ${label} ended ${how}${said}`, {
    ...(place === undefined ? {} : { where: place }),
    fix:
      signal === 'SIGKILL'
        ? 'it probably ran out of memory: use smaller chunks or patches'
        : 'a library it uses may have crashed; --log-level debug shows what Python tells of it',
  })
}
