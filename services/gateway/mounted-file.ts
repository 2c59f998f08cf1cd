/** Whether a file is mounted by itself, as containers do: then another cannot take its place. Pure. */

/**
 * @param path without links
 * @param mountInfo what Linux tells of a process's mounts (proc_pid_mountinfo(5))
 */
export function isMountedItself(path: string, mountInfo: string): boolean {
  return mountInfo.split('\n').some((line) => unescaped(line.split(' ')[4] ?? '') === path);
}

/** Spaces, tabs, line breaks and backslashes are told as `\040`. */
const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
