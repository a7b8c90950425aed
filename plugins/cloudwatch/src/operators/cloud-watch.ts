import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { chunkflowError, defineOperator, flag, isChunkflowError } from '@chunkflow/sdk'
import { amazonClientSettings } from '@chunkflow/sdk/storage'
import { metricsOf } from '../metrics.js'

export default defineOperator({
  name: 'cloud-watch',
  summary: "Send the timers of the task's log to Amazon CloudWatch",
  description:
    "Each timer is a metric in seconds, with the dimension compute_device. Credentials, region and endpoint are those of the AWS SDK, else CloudVolume's secrets.",
  examples: [],
  flags: {
    logName: flag.text({ default: 'chunkflow', summary: 'namespace of the metrics' }),
  },
  effects: 'write',
  outsideDigest: true,
  create({ options: { logName }, logger }) {
    let client: CloudWatchClient | undefined
    const connect = (): CloudWatchClient => {
      client ??= new CloudWatchClient(
        amazonClientSettings('CLOUDWATCH', process.env, {
          region: async () => new CloudWatchClient({}).config.region(),
          credentials: async () => new CloudWatchClient({}).config.credentials(),
        }),
      )
      return client
    }
    return {
      async run({ log }, { signal }) {
        logger.info(`log of the task: ${JSON.stringify(log)}`)
        for (const MetricData of metricsOf(log, logger))
          try {
            const request = new PutMetricDataCommand({ Namespace: logName, MetricData })
            await connect().send(request, { abortSignal: signal })
          } catch (cause) {
            throw failure(cause, logName)
          }
      },
      dryRun({ log }) {
        logger.info(`dry run: would send ${Object.keys(log.timer).length} timers to ${logName}`)
      },
      dispose: () => client?.destroy(),
    }
  },
})

function failure(cause: unknown, where: string): Error {
  if (isChunkflowError(cause)) return cause
  const { message, name, $metadata } = cause as Error & { $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  return chunkflowError('metrics-failed', `CloudWatch does not take the metrics: ${message || name}`, {
    where: `namespace ${where}`,
    fix: 'check AWS_REGION and the credentials (cloudwatch:PutMetricData), or leave cloud-watch out',
    retryable: status === undefined ? name !== 'CredentialsProviderError' : status >= 500 || status === 429,
    cause,
  })
}
