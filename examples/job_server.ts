// Job server: clients hand in texts over TLS, four workers sign them, and SIGTERM ends it when all are done.
//
// Run:  deno run --allow-net=127.0.0.1:8080 --allow-read=cert.pem,key.pem examples/job_server.ts
// Talk: openssl s_client -quiet -connect 127.0.0.1:8080 -CAfile cert.pem
//       It needs a certificate, as examples/tls_echo_server.ts does.

import copas, { type ResolvableFuture } from "jsr:@copas/copas";

interface Job {
  text: string;
  signature: ResolvableFuture<string>;
}

const encoder = new TextEncoder();
const hmac = { name: "HMAC", hash: "SHA-256" } as const;
const secret = crypto.getRandomValues(new Uint8Array(32));
const key = await crypto.subtle.importKey("raw", secret, hmac, false, ["sign"]);

// When 100 jobs wait, `push` waits, and the clients with it.
const jobs = copas.queue.new<Job>({ name: "jobs", maxsize: 100 });
for (let i = 0; i < 4; i++) {
  jobs.addworker(async ({ text, signature }) => {
    try {
      const signing = crypto.subtle.sign("HMAC", key, encoder.encode(text));
      signature.resolve(new Uint8Array(await copas.wait(signing)).toHex());
    } catch (error) {
      signature.reject(error);
    }
  });
}

const serve = copas.handler(async (skt) => {
  // At the end no more lines are taken; a job that is under way is answered.
  for await (const text of skt.lines({ signal: copas.exitsignal })) {
    const signature = copas.future.new<string>();
    await jobs.push({ text, signature }, 10);
    await skt.send(`${await signature.get()}\n`);
  }
}, {
  cert: Deno.readTextFileSync("cert.pem"),
  key: Deno.readTextFileSync("key.pem"),
});

// A client that doesn't trust the certificate is worth a line, not a stack trace.
copas.seterrorhandler((error) => {
  console.error(error instanceof Error ? error.message : error);
});

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, serve, {
  name: "jobs",
  maxConnections: 1000,
  maxPerAddress: 100,
  maxline: 4096,
  idletimeout: 300,
});
copas.shutdownon(["SIGINT", "SIGTERM"], { grace: 10 });
console.log(`Job server on 127.0.0.1:${server.addr.port}.`);
await copas.loop();
