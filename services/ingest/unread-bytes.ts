/** What waits in a process's connections, as the kernel tells it. */
import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * Bytes that have arrived on TCP connections of a process and that it has not read, all together.
 * @returns undefined where that cannot be known: not Linux, or the process is gone
 */
export async function unreadBytes(pid: number): Promise<number | undefined> {
  try {
    const folder = `/proc/${pid}/fd`;
    const links = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
    const own = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
    const tables = await Promise.all(
      ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
    );
    let bytes = 0;
    for (const row of tables.flatMap((table) => table.split('\n').slice(1))) {
      // sl, local, remote, state, tx_queue:rx_queue, timer, retransmits, uid, timeout, inode (proc_net_tcp.rst of the kernel)
      const [, , , , queues, , , , , inode] = row.trim().split(/\s+/);
      if (own.has(inode)) bytes += Number.parseInt(queues?.split(':')[1] ?? '0', 16);
    }
    return bytes;
  } catch {
    return undefined;
  }
}
