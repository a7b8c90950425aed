import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { chunkflowError } from '@chunkflow/kernel/authoring'

/** The part of the environment that is looked at. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface AmazonIdentity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** What Amazon's SDK would do by itself: the providers of a client that was made without settings. */
export interface AmazonChain {
  readonly region: () => Promise<string>
  readonly credentials: () => Promise<AmazonIdentity>
}

export interface AmazonClientSettings {
  readonly region: () => Promise<string>
  readonly credentials: () => Promise<AmazonIdentity>
  readonly maxAttempts: number
  readonly requestHandler: { readonly connectionTimeout: number; readonly socketTimeout: number }
  readonly endpoint?: string
}

/** A dead connection must not hold a worker for ever; long polls take 20 seconds. */
const CONNECTION_TIMEOUT_MS = 10_000
const SOCKET_TIMEOUT_MS = 60_000

/**
 * Settings of a client of an Amazon service: the endpoint of AWS_ENDPOINT_URL_<SERVICE> or AWS_ENDPOINT_URL; region and
 * credentials as the SDK finds them (environment, profiles, roles), else from CloudVolume's secrets.
 * Also stops the SDK from printing its notice on versions of Node: it is for those who choose one.
 * @param service as in the names of variables: SQS, CLOUDWATCH
 */
export function amazonClientSettings(
  service: string,
  environment: Environment,
  chain: AmazonChain,
): AmazonClientSettings {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  const endpoint = environment[`AWS_ENDPOINT_URL_${service}`] || environment.AWS_ENDPOINT_URL
  return {
    async region() {
      // the name other tools of Amazon know; the SDK for JavaScript reads AWS_REGION only
      if (!environment.AWS_REGION && environment.AWS_DEFAULT_REGION) return environment.AWS_DEFAULT_REGION
      try {
        return await chain.region()
      } catch (error) {
        const found = (await readSecret(environment))?.AWS_DEFAULT_REGION
        // an emulator does not mind
        if (found !== undefined || endpoint !== undefined) return found ?? 'us-east-1'
        throw error
      }
    },
    async credentials() {
      try {
        return await chain.credentials()
      } catch (error) {
        const secret = await readSecret(environment)
        if (secret === undefined) throw error
        const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = secret
        const sessionToken = secret.AWS_SESSION_TOKEN
        return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
      }
    },
    maxAttempts: 5,
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: SOCKET_TIMEOUT_MS },
    ...(endpoint === undefined ? {} : { endpoint }),
  }
}

interface Secret {
  readonly AWS_ACCESS_KEY_ID: string
  readonly AWS_SECRET_ACCESS_KEY: string
  readonly AWS_SESSION_TOKEN?: string
  readonly AWS_DEFAULT_REGION?: string
}

/** CloudVolume's keys; undefined when there is no such file. Nothing of it gets into messages. */
async function readSecret(environment: Environment): Promise<Secret | undefined> {
  const file = path.join(environment.HOME ?? homedir(), '.cloudvolume/secrets/aws-secret.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const secret = JSON.parse(text) as Partial<Secret>
    if (typeof secret.AWS_ACCESS_KEY_ID === 'string' && typeof secret.AWS_SECRET_ACCESS_KEY === 'string')
      return secret as Secret
  } catch {
    // a syntax error would quote the file
  }
  throw chunkflowError('storage-denied', `${file} holds no AWS keys`, {
    fix: 'it needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as JSON',
  })
}
