// Mail: sends one with an attachment.
//
// Run:  deno run --allow-net=127.0.0.1:2525 --allow-read=. examples/send_mail.ts 127.0.0.1:2525 me@example.com you@example.com README.md
// Talk: give server, sender, recipient and file; a server for trying is `npx -y maildev --smtp 2525`

import { send } from "jsr:@copas/copas/smtp";

const [address, from, rcpt, name] = Deno.args;
const [server, port] = address.split(":");

await send({
  server,
  port: Number(port),
  from,
  rcpt,
  message: {
    headers: { From: from, To: rcpt, Subject: `The file ${name}` },
    body: "You find it attached.",
    attachments: [{
      filename: name.split("/").pop()!,
      content: await Deno.readFile(name),
    }],
  },
});
console.log(`${name} is on its way to ${rcpt}.`);
