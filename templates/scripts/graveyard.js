
// The filter of models that are gone: a group of a year opens where it has what is looked for.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("#gone-filter");
  if (form) setUpGone(form);
});

function setUpGone(form) {
  const years = [...document.querySelectorAll(".year")].map((group) => ({ group, rows: [...group.querySelectorAll("tbody tr")] }));
  const texts = new Map();
  const count = years.reduce((sum, { rows }) => sum + rows.length, 0);

  function read(row) {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  }

  function fits(row) {
    const lab = row.querySelector("th > bdi").textContent.split("/")[0];
    return form.q.value.toLowerCase().split(/\s+/).every((word) => read(row).includes(word))
      && (!form.lab.value || lab === form.lab.value);
  }

  function isFiltered() { return Boolean(form.q.value || form.lab.value || form.year.value); }

  function write(sum) { form.querySelector("output").textContent = `${sum.toLocaleString("en")} of ${count.toLocaleString("en")}`; }

  function show() {
    let sum = 0;
    for (const [index, { group, rows }] of years.entries()) {
      const isOut = form.year.value && form.year.value !== group.dataset.year;
      let hits = 0;
      for (const row of rows) {
        row.hidden = isOut || !fits(row);
        hits += !row.hidden;
      }
      group.hidden = !hits;
      group.open = isFiltered() ? hits > 0 : index === 0;
      sum += hits;
    }
    write(sum);
  }

  const names = ["q", "lab", "year"];
  for (const name of names) {
    form[name].value = recall().get(name) || "";
    if (form[name].selectedIndex === -1) form[name].value = "";
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    remember(Object.fromEntries(names.map((name) => [name, form[name].value])));
    show();
  });
  if (isFiltered()) show(); else write(count);
}
