import type http from 'node:http'
import type { StorageDriver } from '../contracts/storage.js'
import type { HttpSettings } from '../storage/http-client.js'
import { type FaultyServer, faultyServer } from './faulty-server.js'

/** A driver that gives up soon: what `storageFaultConformance` asks for. */
export const IMPATIENT = {
  idleTimeoutMs: 800,
  policy: { attempts: 3, firstDelayMs: 1, longestDelayMs: 2 },
} as const satisfies HttpSettings

/** Drivers and servers of one suite, which ends them all. */
export interface DriverWorkshop {
  driver(settings?: HttpSettings): StorageDriver
  serve(handler: http.RequestListener): Promise<FaultyServer>
  close(): Promise<void>
}

export function driverWorkshop(
  create: (settings: HttpSettings) => StorageDriver & { dispose(): void },
): DriverWorkshop {
  const drivers: { dispose(): void }[] = []
  const servers: FaultyServer[] = []
  return {
    driver(settings = {}) {
      const driver = create(settings)
      drivers.push(driver)
      return driver
    },
    async serve(handler) {
      const server = await faultyServer(handler)
      servers.push(server)
      return server
    },
    async close() {
      for (const driver of drivers) driver.dispose()
      for (const server of servers) await server.close()
    },
  }
}
