import { type ChunkflowError, chunkflowError, type PythonSession, type PythonValue } from '@chunkflow/sdk'

/** What `problem.py` says, and what it is called here. */
const CODES = {
  channels: 'model-channels-missing',
  'device-missing': 'model-device-missing',
  'device-unknown': 'model-device-unknown',
  export: 'export-failed',
  file: 'model-file-invalid',
  memory: 'model-memory',
  output: 'model-result-invalid',
  pznet: 'pznet-missing',
  weights: 'model-weights-invalid',
} as const

type Answer = { readonly [key: string]: PythonValue }

/** Calls a function of `serve_model.py`; problems become errors. */
export async function ask(
  session: PythonSession,
  name: string,
  args: readonly PythonValue[],
  signal?: AbortSignal,
): Promise<Answer> {
  const answer = (await session.call(name, args, signal === undefined ? {} : { signal })) as Answer
  if (answer.problem === undefined) return answer
  throw problemError(answer)
}

const problemError = ({ problem, what, fix }: Answer): ChunkflowError =>
  chunkflowError(CODES[problem as keyof typeof CODES], String(what), { fix: String(fix) })
