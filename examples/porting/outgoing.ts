// Connects, and prints records of five bytes until one says "quit!".
import copas, { ClosedError } from "jsr:@copas/copas";

copas.addthread(async () => {
  const port = Number(Deno.args[0] ?? 8080);
  await using skt = await copas.socket.connect("127.0.0.1", port);
  try {
    for (let record = ""; record !== "quit!";) {
      const bytes = await skt.receive(5);
      if (bytes === null) throw new ClosedError("the peer has closed");
      record = new TextDecoder().decode(bytes);
      console.log(record);
    }
  } catch (error) {
    if (!(error instanceof ClosedError)) throw error;
    console.log(`${error.code} after ${error.partial?.length ?? 0} bytes`);
  }
});

await copas.loop();
