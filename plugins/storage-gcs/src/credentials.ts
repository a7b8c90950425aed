import { homedir } from 'node:os'
import path from 'node:path'
import {
  type CredentialFile,
  findSecretFile,
  IDLE_TIMEOUT_MS,
  invalidCredential,
  isTransient,
  readCredentialFile,
} from '@chunkflow/sdk/storage'
import { type AuthClient, Compute, GoogleAuth, gcpMetadata } from 'google-auth-library'
import type { GcsSettings } from './settings.js'

export interface GoogleCredential {
  /** Kind and origin, for people. */
  readonly description: string
  /** What goes with a request: nothing for anonymous access. Tokens are kept as long as they are good. */
  headers(): Promise<Readonly<Record<string, string>>>
}

const SCOPES = ['https://www.googleapis.com/auth/devstorage.read_write']

/**
 * The first of: anonymous, if asked for; the file that `GOOGLE_APPLICATION_CREDENTIALS` names; the application default
 * of gcloud; CloudVolume's files for the bucket and for all; the service account of the machine; nobody. The machine's
 * account comes last because it is there without anybody asking for it.
 * @throws storage-credential-invalid for one that exists and cannot be used
 */
export async function findCredential(bucket: string, { anonymous }: GcsSettings): Promise<GoogleCredential> {
  if (anonymous !== undefined) return nobody(anonymous)
  const { env } = process
  const named = env.GOOGLE_APPLICATION_CREDENTIALS
  if (named) {
    const file = await readCredentialFile(named)
    if (file === undefined) throw invalidCredential(named, 'GOOGLE_APPLICATION_CREDENTIALS names no file')
    return fromFile(file)
  }
  const gcloud = env.CLOUDSDK_CONFIG || path.join(homedir(), '.config', 'gcloud')
  const file =
    (await readCredentialFile(path.join(gcloud, 'application_default_credentials.json'))) ??
    (await findSecretFile(bucket, 'google'))
  if (file !== undefined) return fromFile(file)
  if (env.GCE_METADATA_HOST !== undefined || gcpMetadata.getGCPResidency()) {
    const origin = 'the service account of this machine (metadata server)'
    return { description: origin, headers: headersOf(new Compute({ scopes: SCOPES }), origin) }
  }
  return nobody('no credential was found')
}

const nobody = (reason: string): GoogleCredential => ({
  description: `none (anonymous), ${reason}`,
  headers: async () => ({}),
})

const KINDS: Readonly<Record<string, string>> = {
  authorized_user: 'user credential',
  external_account: 'federated identity',
  external_account_authorized_user: 'federated user',
  impersonated_service_account: 'impersonated service account',
  service_account: 'service account',
}

function fromFile({ file, content }: CredentialFile): GoogleCredential {
  const { type, client_email: email } = content as { type?: string; client_email?: string }
  const kind = KINDS[type ?? '']
  if (kind === undefined)
    throw invalidCredential(file, `its type is none of ${Object.keys(KINDS).join(', ')}`)
  let client: AuthClient
  try {
    client = new GoogleAuth({ scopes: SCOPES }).fromJSON(content as never, {
      // a connection that nobody answers would keep the program from ending
      transporterOptions: { timeout: IDLE_TIMEOUT_MS },
    })
    if ('scopes' in client) client.scopes = SCOPES
  } catch (error) {
    throw invalidCredential(file, (error as Error).message)
  }
  const name = email === undefined ? kind : `${kind} ${email}`
  return { description: `${name} from ${file}`, headers: headersOf(client, file) }
}

/** Only the sentence of an error is kept: Google's errors carry the request with its token. */
const headersOf = (client: AuthClient, origin: string) => async (): Promise<Record<string, string>> => {
  try {
    return Object.fromEntries((await client.getRequestHeaders()).entries())
  } catch (error) {
    const { message, code, status } = error as { message: string; code?: string; status?: number }
    if (isTransient({ code, status })) throw Object.assign(new Error(message), { code, status })
    throw invalidCredential(origin, message)
  }
}
