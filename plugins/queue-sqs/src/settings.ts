import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { SQSClientConfig } from '@aws-sdk/client-sqs'
import { chunkflowError } from '@chunkflow/sdk'

/** The part of the environment that is looked at. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Seconds a request for a message waits at the server: the longest Amazon allows. */
const LONG_POLL_SECONDS = 20

/** How long `receive` waits at the server; CHUNKFLOW_QUEUE_WAIT_SECONDS shortens it. @throws flag-invalid */
export function waitSeconds(environment: Environment): number {
  const text = environment.CHUNKFLOW_QUEUE_WAIT_SECONDS
  if (text === undefined || text === '') return LONG_POLL_SECONDS
  if (/^\d+$/.test(text) && Number(text) <= LONG_POLL_SECONDS) return Number(text)
  throw chunkflowError('flag-invalid', `CHUNKFLOW_QUEUE_WAIT_SECONDS is "${text}"`, {
    fix: `set it to whole seconds from 0 to ${LONG_POLL_SECONDS}, or unset it`,
  })
}

interface Secret {
  readonly AWS_ACCESS_KEY_ID: string
  readonly AWS_SECRET_ACCESS_KEY: string
  readonly AWS_SESSION_TOKEN?: string
  readonly AWS_DEFAULT_REGION?: string
}

/** Where CloudVolume, and so chunkflow, keeps keys. */
const secretFile = (environment: Environment): string =>
  path.join(environment.HOME ?? homedir(), '.cloudvolume/secrets/aws-secret.json')

/** CloudVolume's keys; undefined when there is no such file. Nothing of it gets into messages. @throws queue-denied */
async function readSecret(environment: Environment): Promise<Secret | undefined> {
  const file = secretFile(environment)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const secret = JSON.parse(text) as Partial<Secret>
    if (typeof secret.AWS_ACCESS_KEY_ID === 'string' && typeof secret.AWS_SECRET_ACCESS_KEY === 'string')
      return secret as Secret
  } catch {
    // a syntax error would quote the file
  }
  throw chunkflowError('queue-denied', `${file} holds no AWS keys`, {
    fix: 'it needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as JSON',
  })
}

/**
 * What a client is made with: AWS_ENDPOINT_URL_SQS or AWS_ENDPOINT_URL, the SDK's own chain of regions and credentials
 * (environment, profiles, roles), then CloudVolume's secrets.
 * @param chain a client of the SDK's own making: its providers are asked first
 */
export function clientSettings(
  environment: Environment,
  chain: {
    readonly region: () => Promise<string>
    readonly credentials: () => Promise<SQSClientConfig['credentials']>
  },
): SQSClientConfig {
  const endpoint = environment.AWS_ENDPOINT_URL_SQS || environment.AWS_ENDPOINT_URL
  const region = async (): Promise<string> => {
    // the name other AWS tools know; the SDK for JavaScript reads AWS_REGION only
    if (!environment.AWS_REGION && environment.AWS_DEFAULT_REGION) return environment.AWS_DEFAULT_REGION
    try {
      return await chain.region()
    } catch (error) {
      const found = (await readSecret(environment))?.AWS_DEFAULT_REGION
      // an emulator does not mind
      if (found !== undefined || endpoint !== undefined) return found ?? 'us-east-1'
      throw error
    }
  }
  const credentials = async () => {
    try {
      return (await chain.credentials()) as { accessKeyId: string; secretAccessKey: string }
    } catch (error) {
      const secret = await readSecret(environment)
      if (secret === undefined) throw error
      return {
        accessKeyId: secret.AWS_ACCESS_KEY_ID,
        secretAccessKey: secret.AWS_SECRET_ACCESS_KEY,
        ...(secret.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: secret.AWS_SESSION_TOKEN }),
      }
    }
  }
  return {
    region,
    credentials,
    maxAttempts: 5,
    // longer than the longest poll: a dead connection must not hold a worker for ever
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 3 * LONG_POLL_SECONDS * 1000 },
    // addresses of queues that an emulator gives out may be good inside its container only
    ...(endpoint === undefined ? {} : { endpoint, useQueueUrlAsEndpoint: false }),
  }
}
