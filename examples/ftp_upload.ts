// Upload: puts files on an FTP server, all at the same time.
//
// Run:  deno run --allow-net=127.0.0.1 --allow-read=. examples/ftp_upload.ts ftp://127.0.0.1:2121/ README.md
// Talk: give the URL of a folder, with user and password in it, and the files

import copas from "jsr:@copas/copas";
import { put } from "jsr:@copas/copas/ftp";

const [folder, ...files] = Deno.args;

async function upload(name: string): Promise<void> {
  const file = await Deno.open(name);
  const last = encodeURIComponent(name.split("/").pop()!);
  const url = new URL(last, folder);
  const sent = await put({ url, source: file.readable, timeout: 30 });
  console.log(`${name}: ${sent} bytes`);
}

for (const name of files) copas.addthread(upload, name);
await copas.loop();
