/** How to start a program so that everything else on the machine goes first. */
import { existsSync } from 'node:fs';

const NICE = ['/usr/bin/nice', '/bin/nice'].find((path) => existsSync(path));

/**
 * The command with `nice` before it, where the system has one. Set from outside, since a process that lowers itself
 * leaves the threads it has already started where they were.
 */
export function lowestPriority(command: string, args: string[]): { command: string; args: string[] } {
  return NICE ? { command: NICE, args: ['-n', '19', command, ...args] } : { command, args };
}
