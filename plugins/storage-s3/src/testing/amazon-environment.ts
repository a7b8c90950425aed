import { cleanEnvironment } from '@chunkflow/sdk/testing'

/** A machine where Amazon's tools were never set up, and which is none of Amazon's. */
export const amazonEnvironment = () => cleanEnvironment(/^AWS_/, { AWS_EC2_METADATA_DISABLED: 'true' })
