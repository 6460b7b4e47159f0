
// The filter of models that are gone: a group of a year opens where it has what is looked for.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("#gone-filter");
  if (form) setUpGone(form);
});

function setUpGone(form) {
  const years = [...document.querySelectorAll(".year")].map((group) => ({ group, rows: [...group.querySelectorAll("tbody tr")] }));
  const texts = new Map(years.flatMap(({ rows }) => rows.map((row) => [row, row.textContent.toLowerCase()])));

  function fits(row) {
    const lab = row.querySelector("th > bdi").textContent.split("/")[0];
    return form.q.value.toLowerCase().split(/\s+/).every((word) => texts.get(row).includes(word))
      && (!form.lab.value || lab === form.lab.value);
  }

  function show() {
    const isFiltered = Boolean(form.q.value || form.lab.value || form.year.value);
    let sum = 0;
    for (const [index, { group, rows }] of years.entries()) {
      const isOut = form.year.value && form.year.value !== group.dataset.year;
      let count = 0;
      for (const row of rows) {
        row.hidden = isOut || !fits(row);
        count += !row.hidden;
      }
      group.hidden = !count;
      group.open = isFiltered ? count > 0 : index === 0;
      sum += count;
    }
    form.querySelector("output").textContent = `${sum.toLocaleString("en")} of ${texts.size.toLocaleString("en")}`;
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
  show();
}
