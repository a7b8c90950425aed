import { readFile } from 'node:fs/promises'
import { chunkflowError } from '@chunkflow/kernel/authoring'

/** The value in a pipeline file. @throws pipeline-invalid */
export async function readJsonFile(file: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw chunkflowError(
      'pipeline-invalid',
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? `There is no file ${file}`
        : `Cannot read ${file}: ${(cause as Error).message}`,
      { fix: 'check the path', cause },
    )
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw chunkflowError('pipeline-invalid', `${file} is not JSON: ${(cause as Error).message}`, {
      fix: 'chunkflow --save-pipeline FILE … writes a correct one',
      cause,
    })
  }
}
