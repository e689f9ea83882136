// Notices that the process that started this one has ended.
//
// Usually that is `deno task`, which passes signals on. Not so npx: it runs
// `npm`, `sh` and `deno task` below each other, and the shell keeps the signal
// that ends it to itself. So the whole line up to npm is watched.

/** How often to look, in milliseconds. */
const interval = 500;

/**
 * Watches the processes above this one: the parent, or all up to npm.
 *
 * @param gone Called once they have changed, and again until the watch is ended.
 * @returns Ends the watch.
 */
export function watchAncestors(gone: () => void): () => void {
  const line = [Deno.pid, ...ancestors()];
  const timer = setInterval(() => {
    const unchanged = line.slice(1)
      .every((parent, i) => parentOf(line[i]) === parent);
    if (!unchanged) gone();
  }, interval);
  return () => clearInterval(timer);
}

function ancestors(): number[] {
  const line: number[] = [];
  for (
    let pid: number | undefined = Deno.ppid;
    pid !== undefined && pid > 1;
    pid = parentOf(pid)
  ) {
    line.push(pid);
    if (/^npm\b/.test(readProc(pid, "cmdline") ?? "")) return line;
  }
  return [Deno.ppid];
}

function parentOf(pid: number): number | undefined {
  if (pid === Deno.pid) return Deno.ppid;
  // After the name, which is in brackets: the state, then the parent.
  const fields = /.*\) \S+ (\d+)/s.exec(readProc(pid, "stat") ?? "");
  return fields ? Number(fields[1]) : undefined;
}

/** What Linux says about a process; other systems, and one that is gone, say nothing. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}
