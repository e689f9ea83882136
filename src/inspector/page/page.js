// The page: what it shows, from the events that come each second.

import { h, render } from "./libraries/preact.js";
import { useEffect, useState } from "./libraries/hooks.js";
import htm from "./libraries/htm.js";
import { Chart } from "./chart.js";
import { DataTable } from "./table.js";
import { act, onTold, Order } from "./orders.js";
import {
  bytes,
  clock,
  count,
  duration,
  milliseconds,
  speed,
} from "./format.js";

const html = htm.bind(h);
const MOST_SAMPLES = 600;

/** The session: what orders are proven with, and the samples of the last minutes. */
const session = fetch("/session").then((response) => response.json());
const order = act(session);
const samples = [];

/** What is shown until the first event comes: the tables need not wait for it. */
const NOTHING = {
  dispatcher: { state: "runs" },
  servers: [],
  tools: [],
  workers: [],
  errors: 0,
  hidden: 0,
};

function Page() {
  const [view, setView] = useState(NOTHING);
  const [ticks, setTicks] = useState(0);
  const [link, setLink] = useState("connects");
  const [told, setTold] = useState("");
  useEffect(() => {
    onTold(setTold);
    const events = new EventSource("/events");
    events.addEventListener("tick", ({ data }) => {
      const { overview, sample } = JSON.parse(data);
      // After a lost connection the last one comes again.
      if (sample !== undefined && sample.at !== samples.at(-1)?.at) {
        samples.push(sample);
        if (samples.length > MOST_SAMPLES) samples.shift();
      }
      setView(overview);
      setTicks((before) => before + 1);
      setLink("live");
    });
    session.then((known) => {
      samples.unshift(
        ...known.samples.filter(({ at }) =>
          samples.every((sample) => at < sample.at)
        ),
      );
      setTicks((before) => before + 1);
    }, () => {});
    events.onerror = () =>
      setLink(events.readyState === EventSource.CLOSED ? "over" : "lost");
    const onkeydown = (event) => {
      if (event.key !== "/" || event.target.tagName === "INPUT") return;
      event.preventDefault();
      document.querySelector("#connections input").focus();
    };
    document.addEventListener("keydown", onkeydown);
  }, []);
  const { dispatcher, servers, tools, workers, errors, hidden } = view;
  return html`
    <${Header} state=${dispatcher.state} link=${link} />
    <main>
      <${Tiles} dispatcher=${dispatcher} errors=${errors} />
      <${Charts} ticks=${ticks} />
      <${Servers} servers=${servers} />
      <${DataTable} id="connections" title="Connections" ticks=${ticks}
        columns=${CONNECTIONS} search="Peer, name, wait ( / )"
        action=${(row) =>
          html`
            <${Order} order=${order} key=${row.id}
              action=${row.waitsfor === "close" ? "abort" : "close"} id=${row
                .id}
              label=${row.waitsfor === "close" ? "Abort" : "Close"}
              about=${row.peer || row.name} />
          `} />
      <${DataTable} id="threads" title="Threads" ticks=${ticks}
        columns=${THREADS} search="Name, wait" />
      <${Tools} tools=${tools} />
      <${Workers} groups=${workers} />
      <${DataTable} id="errors" title="Last errors" ticks=${ticks}
        columns=${ERRORS} search="Thread, code, message" />
      ${hidden > 0 && html`<p class="faint">${hidden} more servers, tools or
        workers are not shown.</p>`}
    </main>
    <div class="told" role="status">${told}</div>
  `;
}

const LINK = {
  connects: { text: "Connecting…", kind: "faint" },
  live: { text: "live", kind: "good" },
  lost: { text: "Connection lost, trying again…", kind: "bad" },
  over: {
    text: "The session is over. Open the address with the token again.",
    kind: "bad",
  },
};
const STATES = {
  runs: { text: "runs", kind: "good" },
  exits: { text: "ends", kind: "warn" },
  stands: { text: "loop() does not run", kind: "bad" },
};

function Header({ state, link }) {
  const { text, kind } = STATES[state];
  return html`
    <header>
      <h1>Copas</h1>
      <span class="state ${kind}" data-test="state">${text}</span>
      <span class=${LINK[link].kind} role="status" data-test="link">${LINK[link]
        .text}</span>
      <nav aria-label="Sections">
          ${["servers", "connections", "threads", "tools", "workers", "errors"]
            .map(
              (id) => html`<a href="#${id}">${id}</a>`,
            )}
        </nav>
    </header>
  `;
}

function Tiles({ dispatcher, errors }) {
  const tiles = {
    Threads: dispatcher.threads,
    Runnable: dispatcher.active,
    Receiving: dispatcher.read,
    Sending: dispatcher.write,
    Sleeping: dispatcher.timer,
    "Until woken": dispatcher.inactive,
    "Outside waits": dispatcher.outside,
    Timeouts: dispatcher.timeout,
    Errors: errors,
  };
  return html`<dl class="tiles">${
    Object.entries(tiles).map(([name, value]) =>
      html`
        <div>
          <dt>${name}</dt>
          <dd>${value === undefined ? "" : count(value)}</dd>
        </div>
      `
    )
  }</dl>`;
}

function Charts({ ticks }) {
  const chart = (title, format, ...series) =>
    html`
      <${Chart} title=${title} samples=${samples} ticks=${ticks}
        format=${format} series=${series} />
    `;
  return html`<div class="charts">
    ${chart("Lag of the event loop", milliseconds, ["lag", "longest"])}
    ${chart("Connections", count, ["connections", "open"])}
    ${chart("Accepted a second", count, ["accepted", "accepted"])}
    ${chart("Throughput", speed, ["received", "in"], ["sent", "out"])}
  </div>`;
}

function Servers({ servers }) {
  return html`<section id="servers">
    <div class="head"><h2>Servers</h2></div>
    ${
    servers.length === 0 ? html`<p class="empty">None.</p>` : html`
      <div class="scroll">
        <table class="free">
          <thead>
            <tr>
              <th>Name</th>
              <th class="optional">Address</th>
              <th>State</th>
              <th class="number">Serving</th>
              <th class="number optional">Accepted</th>
              <th class="number optional">Refused</th>
              <th class="number optional">Failed handshakes</th>
              <th class="number optional">Handler errors</th>
              <th class="number optional">Buffered</th>
              <th class="action"></th>
            </tr>
          </thead>
          <tbody>${servers.map((server) =>
            html`<${ServerRow} key=${server.id} ...${server} />`
          )}</tbody>
        </table>
      </div>
    `
  }
  </section>`;
}

function ServerRow(server) {
  const { id, name, addr, kind, state } = server;
  const kinds = { listens: "good", paused: "warn", draining: "warn" };
  const cell = (value, format = count) =>
    value === undefined ? "" : format(value);
  return html`
    <tr data-server=${name}>
      <td title=${name}>${name}</td>
      <td class="optional">${addr}</td>
      <td class=${kinds[state]}>${state}</td>
      <td class="number">${cell(server.serving)}</td>
      <td class="number optional">${cell(server.accepted)}</td>
      <td class="number optional">${cell(server.refused)}</td>
      <td class="number optional">${cell(server.failedHandshakes)}</td>
      <td class="number optional">${cell(server.handlerErrors)}</td>
      <td class="number optional">${cell(server.buffered, bytes)}</td>
      <td class="action">${kind === "stream" && state !== "draining" && html`
        <${Order} order=${order} id=${id} about=${name}
          action=${state === "paused" ? "resume" : "pause"}
          label=${state === "paused" ? "Resume" : "Pause"} />
        <${Order} order=${order} id=${id} action="drain" label="Drain"
          about=${name} />
      `}
        </td>
    </tr>
  `;
}

function Tools({ tools }) {
  return html`<section id="tools">
    <div class="head"><h2>Tools that threads wait for</h2></div>
    ${
    tools.length === 0 ? html`<p class="empty">None.</p>` : html`
      <div class="scroll">
        <table class="free">
          <thead>
            <tr>
              <th>Tool and owner</th>
              <th class="number">Waiting</th>
              <th>First in line</th>
            </tr>
          </thead>
          <tbody>${tools.map(({ text, waiting, threads }) =>
            html`
              <tr>
                <td title=${text}>${text}</td>
                <td class="number">${count(waiting)}</td>
                <td>${threads.join(", ")}${waiting > threads.length
                  ? ", …"
                  : ""}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    `
  }
  </section>`;
}

function Workers({ groups }) {
  return html`<section id="workers">
    <div class="head"><h2>Workers</h2></div>
    ${
    groups.length === 0 ? html`<p class="empty">None.</p>` : html`
      <div class="scroll">
        <table class="free">
          <thead>
            <tr>
              <th>Server</th>
              <th class="optional">Address</th>
              <th>Worker</th>
              <th>State</th>
              <th class="number">Served</th>
              <th class="number">Crashes</th>
              <th class="number optional">Abandoned</th>
              <th class="action"></th>
            </tr>
          </thead>
          <tbody>${groups.flatMap(({ id, name, addr, workers }) =>
            workers.map((each) =>
              html`
                <tr key=${`${id}:${each.worker}`} data-worker=${each.worker}>
                  <td>${name}</td>
                  <td class="optional">${addr}</td>
                  <td>${each.worker}</td>
                  <td class=${each.state === "listening"
                    ? "good"
                    : "warn"}>${each.state}</td>
                  <td class="number">${each.served === undefined
                    ? ""
                    : count(each.served)}</td>
                  <td class="number">${count(each.crashes)}</td>
                  <td class="number optional">${count(each.abandoned)}</td>
                  <td class="action">
                    <${Order} order=${order} id=${id} worker=${each.worker}
                      action="restart" label="Restart" about=${`${name}, worker ${each.worker}`} />
                  </td>
                </tr>
              `
            )
          )}</tbody>
        </table>
      </div>
    `
  }
  </section>`;
}

const CONNECTIONS = [
  { name: "peer", title: "Peer", wide: true },
  { name: "name", title: "Name", optional: true },
  { name: "age", title: "Age", format: duration, number: true },
  {
    name: "received",
    title: "Received",
    format: bytes,
    number: true,
    optional: true,
  },
  { name: "sent", title: "Sent", format: bytes, number: true, optional: true },
  { name: "waitsfor", title: "Waits for" },
];
const THREADS = [
  { name: "name", title: "Thread" },
  { name: "waitsfor", title: "Waits for", wide: true },
  { name: "left", title: "Time left", format: duration, number: true },
  { name: "waits", title: "Waits", number: true, optional: true },
];
const ERRORS = [
  { name: "at", title: "Time", format: clock },
  { name: "thread", title: "Thread", optional: true },
  { name: "code", title: "Code" },
  { name: "message", title: "Message", wide: true },
];

const root = document.querySelector("#page");
root.textContent = "";
render(html`<${Page} />`, root);
