import { token } from './token.js'

/** The chain that runs, and chains in files, by what they compute. The host itself provides it. */
export interface Pipelines {
  /**
   * Digest of the running chain: SHA-256 in hexadecimal of its steps and their options, without its source,
   * acknowledgement, logging and viewers. Undefined outside a chain.
   */
  readonly running: string | undefined
  /**
   * The digest of the chain in a pipeline file, which is planned for it: what can be seen before running is checked.
   * @param text content of the file
   * @param where for messages: its path
   * @throws pipeline-invalid, and everything a plan refuses
   */
  digestOf(text: string, where: string): Promise<string>
}

export const PIPELINES = token<Pipelines>('chunkflow.pipelines')
