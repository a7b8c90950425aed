import {
  fromEnv,
  fromHttp,
  fromIni,
  fromInstanceMetadata,
  fromTokenFile,
} from '@aws-sdk/credential-providers'
import {
  findSecretFile,
  IDLE_TIMEOUT_MS,
  inTime,
  invalidCredential,
  isSwitchedOn,
} from '@chunkflow/sdk/storage'

export interface Identity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

export interface FoundCredential {
  /** Kind and origin, for people. */
  readonly description: string
  /** Undefined for anonymous access. */
  readonly provider: (() => Promise<Identity>) | undefined
  /** Named by the file the credential comes from. */
  readonly region?: string | undefined
}

interface Candidate {
  readonly origin: string
  readonly provider: () => Promise<Identity>
}

const ANONYMOUS = 'none (anonymous)'
/** The address of instance metadata answers at once or not at all. */
const METADATA_TIMEOUT_MS = 1000

/**
 * The first of: `AWS_NO_SIGN_REQUEST`; environment; profile (keys, single sign-on, assumed roles, programs); web
 * identity; container role; CloudVolume's files for the bucket and for all; role of the machine; nobody. The machine's
 * role comes last because it is there without anybody asking for it.
 * @param trusted whether the server may see the machine's role
 * @throws storage-credential-invalid for one that exists and cannot be used
 */
export async function findCredential(bucket: string, trusted: boolean): Promise<FoundCredential> {
  const { env } = process
  if (isSwitchedOn(env.AWS_NO_SIGN_REQUEST))
    return { description: `${ANONYMOUS}, AWS_NO_SIGN_REQUEST is set`, provider: undefined }
  for (const candidate of standardCandidates()) {
    const found = await tryCandidate(candidate)
    if (found !== undefined) return found
  }
  const file = await findSecretFile(bucket, 'aws')
  if (file !== undefined) return fromSecretFile(file)
  if (trusted && !isSwitchedOn(env.AWS_EC2_METADATA_DISABLED)) {
    const provider = fromInstanceMetadata({ timeout: METADATA_TIMEOUT_MS, maxRetries: 0 })
    const found = await tryCandidate({
      origin: 'the role of this machine (instance metadata)',
      // most machines have none: whatever goes wrong here means that
      provider: () =>
        provider().catch((error) => Promise.reject(Object.assign(error, { tryNextLink: true }))),
    })
    if (found !== undefined) return found
  }
  return { description: `${ANONYMOUS}, no credential was found`, provider: undefined }
}

function standardCandidates(): Candidate[] {
  const { env } = process
  const candidates: Candidate[] = []
  // a profile that is asked for by name wins over keys, as in Amazon's tools
  if (env.AWS_PROFILE === undefined)
    candidates.push({ origin: 'the environment (AWS_ACCESS_KEY_ID)', provider: fromEnv() })
  candidates.push({
    origin: `profile "${env.AWS_PROFILE ?? 'default'}" of ${env.AWS_SHARED_CREDENTIALS_FILE ?? '~/.aws'}`,
    provider: fromIni(),
  })
  if (env.AWS_WEB_IDENTITY_TOKEN_FILE !== undefined)
    candidates.push({
      origin: 'a web identity (AWS_WEB_IDENTITY_TOKEN_FILE)',
      provider: fromTokenFile(),
    })
  if (env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ?? env.AWS_CONTAINER_CREDENTIALS_FULL_URI)
    candidates.push({ origin: 'the role of this container', provider: fromHttp() })
  return candidates
}

/** Undefined when there is nothing of this kind. */
async function tryCandidate({ origin, provider }: Candidate): Promise<FoundCredential | undefined> {
  const ask = (): Promise<Identity> => inTime(provider(), { milliseconds: IDLE_TIMEOUT_MS })
  let first: Identity | undefined
  try {
    first = await ask()
  } catch (error) {
    // said by Amazon's providers of what is not there, not of what is there and wrong
    if ((error as { tryNextLink?: boolean }).tryNextLink) return undefined
    throw invalidCredential(origin, (error as Error).message)
  }
  return {
    description: describe(first, origin),
    provider: async () => {
      const identity = first ?? (await ask())
      first = undefined
      return identity
    },
  }
}

function fromSecretFile({
  file,
  content,
}: {
  file: string
  content: Readonly<Record<string, unknown>>
}): FoundCredential {
  const text = (name: string): string | undefined => {
    const value = content[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const accessKeyId = text('AWS_ACCESS_KEY_ID')
  const secretAccessKey = text('AWS_SECRET_ACCESS_KEY')
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw invalidCredential(file, 'it lacks AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY')
  const sessionToken = text('AWS_SESSION_TOKEN')
  const identity = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }
  return {
    description: describe(identity, file),
    provider: async () => identity,
    region: text('AWS_DEFAULT_REGION'),
  }
}

/** The end of a key's name tells people which one it is; it is no secret. */
const describe = ({ accessKeyId, sessionToken }: Identity, origin: string): string =>
  `${sessionToken === undefined ? 'access key' : 'temporary access key'} …${accessKeyId.slice(-4)} from ${origin}`
