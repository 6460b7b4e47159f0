"use strict";
// Fetched on first use: what a table shows, as a file that spreadsheets read.

// `columns` holds [name, position] of each column beside the model's id, name and lab.
function saveCsv(rows, columns) {
  const lines = rows.map((row) => {
    const link = row.querySelector("th a");
    const lab = row.querySelector("th small")?.textContent || "";
    return [link.title, link.textContent, lab, ...columns.map(([, position]) => readCell(row.cells[position]))];
  });
  const head = ["id", "name", "lab", ...columns.map(([name]) => name)];
  const text = [head, ...lines].map((line) => line.map(quoteCell).join(",")).join("\r\n");
  const href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  Object.assign(document.createElement("a"), { href, download: "models.csv" }).click();
  URL.revokeObjectURL(href);
}

function readCell(cell) {
  const parts = [...cell.querySelectorAll("abbr")].map((part) => part.title);
  const time = cell.querySelector("time");
  return time ? time.dateTime : parts.join(" ") || String(readNumber(cell) ?? cell.textContent.trim().replace(/^–$/, ""));
}

// What could be a formula gets an apostrophe.
function quoteCell(text) {
  return `"${text.replace(/^[=+@-]/, "'$&").replaceAll('"', '""')}"`;
}
