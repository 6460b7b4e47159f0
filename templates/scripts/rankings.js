
// The filter of rankings by lab.
document.addEventListener("DOMContentLoaded", () => {
  const select = document.querySelector("#lab-filter");
  if (select) setUpLabs(select);
});

function setUpLabs(select) {
  const show = () => {
    for (const row of document.querySelectorAll("[data-lab]")) row.hidden = Boolean(select.value) && row.dataset.lab !== select.value;
    select.closest("section").querySelector("details").open ||= Boolean(select.value);
    remember({ lab: select.value });
  };
  select.value = recall().get("lab") || "";
  if (select.selectedIndex < 0) select.value = "";
  select.addEventListener("input", show);
  show();
}
