/** What every server needs that tests start as a process: free ports, and an end with the tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/**
 * Kills a child and deletes its data when this process ends, however it ends.
 *
 * A handler of our own exit is not enough: vitest kills its workers by signal,
 * and people kill vitest. Any end of this process ends the watcher's input.
 */
export function watchChild({
  child,
  folder,
}: {
  child: ChildProcess
  folder: string
}): ChildProcess {
  const script = 'trap "" INT TERM HUP; read -r line; kill -9 "$0"; sleep 1; rm -rf "$1"'
  const args = ['-c', script, String(child.pid ?? ''), folder]
  return spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'] })
}

/** Ports that the system says are free; held together, so that they differ. */
export async function freePorts(count = 2): Promise<[number, number, ...number[]]> {
  const servers = Array.from({ length: count }, () => createServer())
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening')
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) await once(server.close(), 'close')
  return ports as [number, number, ...number[]]
}
