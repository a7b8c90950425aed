import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { buildApp } from 'fauxqs'

/** Amazon's services on loopback, and the environment in which the command finds them. */
export interface Cloud {
  readonly env: NodeJS.ProcessEnv
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

export async function startCloud(): Promise<Cloud> {
  const queues = buildApp({ logger: false })
  const address = await queues.listen({ port: 0, host: '127.0.0.1' })
  const metrics: { namespace: string; names: string[] }[] = []
  const watch = createServer(async (request: IncomingMessage, response: ServerResponse) => {
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
  await new Promise<void>((resolve) => watch.listen(0, '127.0.0.1', resolve))
  return {
    metrics,
    env: {
      AWS_ENDPOINT_URL_SQS: address,
      AWS_ENDPOINT_URL_CLOUDWATCH: `http://127.0.0.1:${(watch.address() as AddressInfo).port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
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
      watch.closeAllConnections()
      await new Promise((resolve) => watch.close(resolve))
      await queues.close()
    },
  }
}
