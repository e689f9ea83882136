// Download: gets a file, and draws how far it is.
//
// Run:  deno run --allow-net=www.lua.org:443 --allow-read=. --allow-write=. examples/download_progress.ts https://www.lua.org/ftp/lua-5.4.7.tar.gz
// Talk: give another URL, and the file's name, as arguments

import process from "node:process";
import { SingleBar } from "npm:cli-progress@^3.12.0";
import { request } from "jsr:@copas/copas/http";

const [url, name = new URL(url).pathname.split("/").pop() || "download"] =
  Deno.args;
const bar = new SingleBar({
  format: `${name} [{bar}] {percentage}% {value}/{total} bytes`,
  stream: process.stderr,
  clearOnComplete: false,
});

const file = await Deno.create(name);
bar.start(0, 0);
try {
  const [, code, , status] = await request({
    url,
    sink: file.writable,
    step: (_chunk, { received, total }) => {
      bar.setTotal(total ?? received);
      bar.update(received);
    },
  });
  bar.stop();
  if (code !== 200) throw new Error(`${url}: ${status}`);
  console.log(`${name}: ${(await Deno.stat(name)).size} bytes`);
} finally {
  bar.stop();
}
