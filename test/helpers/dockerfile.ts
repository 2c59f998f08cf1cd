/** A Dockerfile, read as far as our own uses the language. */

export type Stage = { name: string; base: string; instructions: [instruction: string, rest: string][] };

/** Splits into stages, with ARG defaults filled in. @throws Error on a line that is no instruction */
export function readDockerfile(text: string): { args: Record<string, string>; stages: Stage[] } {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n');
  const args: Record<string, string> = {};
  const stages: Stage[] = [];
  for (const line of lines.filter((line) => line.trim() !== '')) {
    const [, instruction = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (!instruction) throw new Error(`not an instruction: ${line}`);
    if (instruction === 'FROM') {
      const [, base = '', name = ''] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
      stages.push({ name, base: base.replace(/\$\{(\w+)\}/g, (_, arg: string) => args[arg] ?? ''), instructions: [] });
    } else if (stages.length > 0) stages.at(-1)?.instructions.push([instruction, rest]);
    else if (instruction === 'ARG') args[rest.split('=')[0] as string] = rest.split('=')[1] ?? '';
  }
  return { args, stages };
}

/** Files and folders that a stage copies from Headroom's own folder. */
export function copiedSources(stage: Stage): string[] {
  return stage.instructions
    .filter(([instruction, rest]) => instruction === 'COPY' && !rest.startsWith('--from='))
    .flatMap(([, rest]) => rest.split(/\s+/).slice(0, -1));
}
