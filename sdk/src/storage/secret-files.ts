import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { chunkflowError } from '@chunkflow/kernel/authoring'

export interface CredentialFile {
  readonly file: string
  readonly content: Readonly<Record<string, unknown>>
}

/**
 * The credential that CloudVolume would use for a bucket: `<bucket>-aws-secret.json`, else `aws-secret.json`, in
 * `~/.cloudvolume/secrets`.
 */
export async function findSecretFile(
  bucket: string,
  kind: 'aws' | 'google',
): Promise<CredentialFile | undefined> {
  const folder = path.join(homedir(), '.cloudvolume', 'secrets')
  for (const name of [`${bucket}-${kind}-secret.json`, `${kind}-secret.json`]) {
    const found = await readCredentialFile(path.join(folder, name))
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Undefined when there is no such file.
 * @throws storage-credential-invalid, without a word of what the file holds
 */
export async function readCredentialFile(file: string): Promise<CredentialFile | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw invalidCredential(file, `it cannot be read (${code})`)
  }
  const content = parseObject(text)
  if (content === undefined) throw invalidCredential(file, 'it does not hold a JSON object')
  return { file, content }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    // the parser's message would quote the file
    return undefined
  }
}

export const invalidCredential = (origin: string, reason: string): Error =>
  chunkflowError('storage-credential-invalid', `The credential of ${origin} cannot be used: ${reason}`, {
    fix: 'correct it, or remove it so that another one is used',
  })

/** `YES`, `true`, `1` as the value of a variable. */
export const isSwitchedOn = (value: string | undefined): boolean => /^(1|on|true|yes)$/i.test(value ?? '')
