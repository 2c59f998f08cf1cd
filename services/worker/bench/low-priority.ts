/** How to start a program so that live counting goes first. */
import { existsSync } from 'node:fs';

const NICE = ['/usr/bin/nice', '/bin/nice'].find((path) => existsSync(path));

/** Against a process that counts cameras, on a core that both want: about a tenth of it. Zero would be to wait for ever. */
const NICENESS = '10';

/**
 * The command with `nice` before it, where the system has one. Set from outside, since a process that lowers itself
 * leaves the threads it has already started where they were.
 */
export function lowPriority(command: string, args: string[]): { command: string; args: string[] } {
  return NICE ? { command: NICE, args: ['-n', NICENESS, command, ...args] } : { command, args };
}
