import { type Dtype, type TypedArray, token } from '@chunkflow/kernel/authoring'

/** A dense array on its way to or from Python, where it is a NumPy array in C order. */
export interface PythonArray {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly data: TypedArray
}

/** What a call carries: JSON with arrays anywhere in it. Whole numbers beyond 2^53 are bigints. */
export type PythonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PythonArray
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue }

export interface PythonSettings {
  /**
   * A Python file whose top-level functions are called; `print` in it goes to the log. It may import NumPy, and the
   * package `chunkflow` that the service brings along.
   */
  readonly script: URL
  /** For messages: `plugin median_filter.py`. */
  readonly label: string
  /** Interpreter; otherwise `CHUNKFLOW_PYTHON`, else `python3` of the PATH. */
  readonly executable?: string
  /** Modules that must be there, checked at the start: `['numpy', 'torch']`. @throws python-module-missing */
  readonly requires?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Gets what the script prints, line by line; the log otherwise, as with what goes to stderr. */
  readonly print?: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * One long-lived Python process. Calls run one after another. It ends with the session, and when this process dies in
 * whatever way.
 */
export interface PythonSession {
  readonly executable: string
  /** `3.11.2` */
  readonly version: string
  readonly processId: number | undefined
  /**
   * Calls a function of the script with positional arguments. Voxels travel through shared memory: arrays of the
   * arguments are the script's to change and keep, those of the result are the caller's own.
   * @param options.into the results' arrays, in order of appearance, are written into these instead of new memory; sizes
   * and dtypes must fit
   * @throws python-exception with the traceback's last line as `what`, python-crashed, python-memory when there is no
   * room for the arrays, python-result when what came back cannot be sent, or does not fit
   */
  call(
    name: string,
    args: readonly PythonValue[],
    options?: { readonly into?: readonly TypedArray[]; readonly signal?: AbortSignal },
  ): Promise<PythonValue>
  close(): Promise<void>
}

/** Runs Python code beside the chain. */
export interface Python {
  /**
   * @throws python-missing, python-too-old (3.8 is the oldest), python-module-missing, python-exception when the script
   * cannot be imported
   */
  start(settings: PythonSettings): Promise<PythonSession>
}

export const PYTHON = token<Python>('chunkflow.python')
