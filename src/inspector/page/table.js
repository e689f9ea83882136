// A long table: only the rows that are seen are asked for and drawn.

import { h } from "./libraries/preact.js";
import { useEffect, useRef, useState } from "./libraries/hooks.js";
import htm from "./libraries/htm.js";
import { count } from "./format.js";

const html = htm.bind(h);
/** The height of a row, as the style sheet has it. */
const ROW = 30;
/** Rows that are drawn above and below those that are seen. */
const MARGIN = 15;

const NOTHING = { total: 0, matching: 0, offset: 0, rows: [] };

/** `id` is the table's name; `ticks` changes when it is to be asked for again. */
export function DataTable({ id, title, columns, search, ticks, action }) {
  const [part, setPart] = useState(NOTHING);
  const [query, setQuery] = useState({
    sort: "",
    descending: false,
    search: "",
  });
  const box = useRef();
  const asking = useRef({ isBusy: false, isStale: false });

  const ask = async () => {
    const state = asking.current;
    state.query = query;
    state.isStale = true;
    if (state.isBusy) return;
    state.isBusy = true;
    try {
      // What changed while the answer was on its way is asked for then.
      while (state.isStale) {
        state.isStale = false;
        const { scrollTop, clientHeight } = box.current;
        const offset = Math.max(0, Math.floor(scrollTop / ROW) - MARGIN);
        const limit = Math.ceil((clientHeight || 400) / ROW) + 2 * MARGIN;
        const parameters = { table: id, ...state.query, offset, limit };
        const response = await fetch(
          `/rows?${new URLSearchParams(parameters)}`,
        );
        if (response.ok) setPart(await response.json());
      }
    } catch {
      // The program does not answer; the next event asks again.
    } finally {
      state.isBusy = false;
    }
  };
  useEffect(() => void ask(), [ticks, query]);

  const sortBy = (name) => {
    const isSame = query.sort === name;
    // Up, down, and as it was.
    setQuery({
      ...query,
      sort: isSame && query.descending ? "" : name,
      descending: isSame && !query.descending,
    });
  };
  const find = (text) => {
    box.current.scrollTop = 0;
    setQuery({ ...query, search: text });
  };
  const { total, matching, offset, rows } = part;
  const span = columns.length + (action === undefined ? 0 : 1);
  const below = matching - offset - rows.length;
  return html`<section id=${id}>
    <div class="head">
      <h2>${title}</h2>
      <span class="faint" data-test="count">${
    matching === total ? count(total) : `${count(matching)} of ${count(total)}`
  }</span>
      <input type="search" placeholder=${search} aria-label=${`Search ${title}`}
        value=${query.search} onInput=${({ target }) => find(target.value)} />
    </div>
    <div class="scroll virtual" ref=${box} tabindex="0" onScroll=${ask}
      role="region" aria-label=${title}>
      <table aria-rowcount=${matching + 1}>
        <thead><tr aria-rowindex="1">${
    columns.map((column) =>
      html`<${Heading} column=${column} query=${query} sortBy=${sortBy} />`
    )
  }${action && html`<th class="action"></th>`}</tr></thead>
        <tbody>
          ${
    offset > 0 && html`<${Space} key="above" rows=${offset} span=${span} />`
  }
          ${
    rows.map((row, index) =>
      html`
        <tr key=${row.id} aria-rowindex=${offset + index + 2} data-row=${row
          .id}>
          ${columns.map((column) =>
            html`<${DataCell} column=${column} value=${row[column.name]} />`
          )}
          ${action && html`<td class="action">${action(row)}</td>`}
        </tr>
      `
    )
  }
          ${
    below > 0 && html`<${Space} key="below" rows=${below} span=${span} />`
  }
        </tbody>
      </table>
    </div>
    ${
    matching === 0 &&
    html`<p class="empty">${total === 0 ? "None." : "None matches."}</p>`
  }
  </section>`;
}

function classOf({ number, wide, optional }) {
  return [number && "number", wide && "wide", optional && "optional"]
    .filter(Boolean).join(" ");
}

function Heading({ column, query, sortBy }) {
  const { name, title } = column;
  const order = query.sort !== name
    ? "none"
    : query.descending
    ? "descending"
    : "ascending";
  const mark = { none: "", ascending: " ▲", descending: " ▼" }[order];
  return html`
    <th class=${classOf(column)} aria-sort=${order} scope="col">
      <button type="button" onClick=${() => sortBy(name)}
        data-sort=${name}>${title}${mark}</button>
    </th>
  `;
}

/** Whatever a peer has sent is a text node here, and never markup. */
function DataCell({ column, value }) {
  const { format = String } = column;
  const text = value === undefined ? "" : format(value);
  return html`<td class=${classOf(column)} title=${text}>${text}</td>`;
}

/** Stands for rows that are not drawn. */
function Space({ rows, span }) {
  return html`
    <tr class="space" aria-hidden="true">
      <td colspan=${span} style=${{ height: `${rows * ROW}px` }}></td>
    </tr>
  `;
}
