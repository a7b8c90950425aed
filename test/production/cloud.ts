import type { RequestListener } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { faultyServer, type MemoryStorage, memoryStorage } from '@chunkflow/sdk/testing'
import { buildApp } from 'fauxqs'
import S3rver from 's3rver'
import { gcsHandler } from '../../plugins/storage-gcs/src/testing/gcs-handler.js'

/** Services of Amazon and Google on loopback, and the environment in which the command finds them. */
export interface Cloud {
  readonly env: NodeJS.ProcessEnv
  /** The text of an object in a bucket of Google's. */
  googleObject(bucket: string, key: string): string
  putGoogleObject(bucket: string, key: string, text: string): void
  /** Keys of such a bucket. */
  googleKeys(bucket: string): string[]
  /** Bodies of a queue's messages: those to be fetched and those being worked on. */
  messages(queue: string): Promise<{ ready: string[]; held: string[] } | null>
  /** What CloudWatch received. */
  readonly metrics: { namespace: string; names: string[] }[]
  close(): Promise<void>
}

interface Inspected {
  readonly messages: {
    readonly ready: readonly { readonly body: string }[]
    readonly inflight: readonly { readonly message: { readonly body: string } }[]
  }
}

/** @param folder where Amazon's buckets are kept @param buckets their names */
export async function startCloud(folder: string, buckets: readonly string[]): Promise<Cloud> {
  const queues = buildApp({ logger: false })
  const address = await queues.listen({ port: 0, host: '127.0.0.1' })
  const metrics: { namespace: string; names: string[] }[] = []
  const amazon = new S3rver({
    directory: folder,
    silent: true,
    configureBuckets: buckets.map((name) => ({ name, configs: [] })),
  })
  await amazon.configureBuckets()
  const amazonServer = await faultyServer(amazon.getMiddleware())
  const stores = new Map<string, { storage: MemoryStorage; handle: RequestListener }>()
  const storeOf = (bucket: string) => {
    const storage = memoryStorage()
    const found = stores.get(bucket) ?? { storage, handle: gcsHandler(bucket, storage) }
    stores.set(bucket, found)
    return found
  }
  const googleServer = await faultyServer((request, response) => {
    const [, bucket = ''] = /\/b\/([^/]+)/.exec(request.url!) ?? []
    storeOf(bucket).handle(request, response)
  })
  const watchServer = await faultyServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const bytes = Buffer.concat(parts)
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
    const { Namespace, MetricData } = JSON.parse(text.toString())
    metrics.push({
      namespace: Namespace,
      names: MetricData.map(({ MetricName }: { MetricName: string }) => MetricName),
    })
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
    response.end('{}')
  })
  return {
    googleObject(bucket, key) {
      const { objects, headers } = storeOf(bucket).storage
      const bytes = objects.get(key)!
      return (
        headers.get(key)?.contentEncoding === 'gzip' ? gunzipSync(bytes) : Buffer.from(bytes)
      ).toString()
    },
    putGoogleObject: (bucket, key, text) => void storeOf(bucket).storage.objects.set(key, Buffer.from(text)),
    googleKeys: (bucket) => [...storeOf(bucket).storage.objects.keys()].sort(),
    metrics,
    env: {
      AWS_ENDPOINT_URL_SQS: address,
      AWS_ENDPOINT_URL_CLOUDWATCH: watchServer.url,
      AWS_ENDPOINT_URL_S3: amazonServer.url,
      STORAGE_EMULATOR_HOST: googleServer.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
      CHUNKFLOW_QUEUE_RETRY_SECONDS: '0',
      CHUNKFLOW_QUEUE_WAIT_SECONDS: '0',
    },
    async messages(queue) {
      const response = await fetch(`${address}/_fauxqs/queues/${queue}`)
      if (!response.ok) return null
      const { messages } = (await response.json()) as Inspected
      return {
        ready: messages.ready.map(({ body }) => body),
        held: messages.inflight.map(({ message }) => message.body),
      }
    },
    async close() {
      for (const server of [watchServer, amazonServer, googleServer]) await server.close()
      await queues.close()
    },
  }
}
